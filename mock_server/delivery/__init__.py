"""Delivery: the vendors' bundles dropped into folders, reached by SFTP or as a file share, with the field's habits.

Called by the `serve` command (which runs it beside the HTTP workers) and by the admin API (which sends it orders).
The bundles themselves come through the entry point `bundle` of `oneroster.districts`.
"""
