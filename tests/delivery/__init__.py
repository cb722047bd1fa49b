"""Delivery without a server process: drops, habits and the SFTP server in a thread."""
