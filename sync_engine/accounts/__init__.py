"""Accounts: who of a landed roster may sign in, as what, and through which identity provider.

Called by `sync accounts`. Never knows a password; an account that lost its reason is switched off, never erased.
"""
