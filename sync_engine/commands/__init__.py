"""The verbs of `oneroster sync`, one file each, and what they share.

Called by the group in `command.py`. A new verb is a new file here and one line there.
"""
