"""Shapes of districts: presets as TOML, read with what they extend, checked, and turned into plain numbers.

Called by the generator; never draws anything.
"""
