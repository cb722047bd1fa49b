"""Looking at a district: what is in a bundle, a store or a folder of days, as text, JSON and one HTML page."""

from __future__ import annotations
