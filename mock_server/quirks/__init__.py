"""Quirks: deviations from the standard that a vendor or a test can turn on."""
