"""Synthetic districts: people, schedules and gradebooks that obey the standard, and planted faults.

Called through its commands and the `oneroster.districts` entry points; never reads real data and never the clock.
"""
