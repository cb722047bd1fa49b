"""The console: pages for a browser that show the vendors, their state and their requests, and change them.

Registered by the application. State is changed by the same functions as by the admin API, once the browser has signed
in with the admin token; without that the pages show no credential and change nothing.
"""

from __future__ import annotations

from mock_server.console.pages import console_routes

__all__ = ["console_routes"]
