"""What each fault of the catalogue does; importing this package registers all of them."""

from __future__ import annotations

from mock_server.faults.kinds import answers, delivery, pages, sign_in

__all__ = ["answers", "delivery", "pages", "sign_in"]
