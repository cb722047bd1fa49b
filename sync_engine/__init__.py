"""Reads a roster from a provider or a bundle, plans the difference to a database, and applies it safely.

Called through the command `oneroster sync`. Never changes a source, and never removes what it cannot prove gone.
"""
