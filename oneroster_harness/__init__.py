"""The front door: one command, its conventions, and the demo.

Called by users and by the verbs' packages for their terminal manners; imports none of those packages by name.
"""
