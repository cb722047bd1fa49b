"""Databases that a roster lands in. One session protocol, one small module per engine.

Called by the plan and the apply. Never knows where rows came from.
"""
