"""The demo: one loop on real parts, told as a table and a page.

Called as `oneroster demo`; runs the other verbs as commands and talks HTTP, and imports none of their packages.
"""
