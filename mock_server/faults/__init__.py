"""Faults: what goes wrong on a bad day, as named switches that choose which requests they strike."""
