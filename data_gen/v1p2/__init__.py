"""The same district in the words of 1.2: each record of 1.1 mapped, with what only 1.2 can say added.

Called by records.py. A draw here has a path of its own, so nothing of the 1.1 records moves.
"""
