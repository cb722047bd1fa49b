"""Anonymising a real bundle: its shape, defects and relations stay, every personal value is replaced by a keyed one."""

from __future__ import annotations
