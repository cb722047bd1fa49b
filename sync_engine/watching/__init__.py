"""Runs by a schedule: one district or many, unattended, within hours, budgets and back-off.

Called by `sync run --watch` and `sync watch`. Approves no hold and applies nothing by half.
"""
