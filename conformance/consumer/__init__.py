"""Judging a consumer: the mock plays days of a school year to it, and what it landed is compared with the truth.

Called by `oneroster check consumer` and by tests. Starts `oneroster serve` and speaks to it over HTTP only; never shows a
value of anybody.
"""
