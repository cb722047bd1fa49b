"""The mock provider: a OneRoster server over a synthetic district, as the standard says or as a vendor does it.

Called by the `serve` command and the pytest plugin; never judges a client and never reads another package's code.
"""
