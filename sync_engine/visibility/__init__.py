"""Visibility: what a user of a landed roster may see, as one definition in SQL.

Called by `sync visible`. The same statements answer for one user, become views, and stand behind PostgreSQL's policies.
"""
