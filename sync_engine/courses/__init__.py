"""Course alignment: what a district offers, and which course of a platform's catalogue it is.

Called by `sync courses`. Never changes a landed row and never changes a mapping that somebody relies on by itself.
"""
