"""The mock as a WSGI application in the test's own process: no port, no process, no wait.

Called by the pytest fixture `oneroster_wsgi`. The application is the one that `oneroster serve` runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from mock_server.application import create_app
from mock_server.mock_handle import MockHandle, MockProblem
from mock_server.preparing import choose, fresh_district, prepare
from mock_server.wsgi import site_of
from oneroster_harness.problems import Problem
from oneroster_harness.terminal import AS_OF

ROOT = "http://localhost"
"""What werkzeug's test client calls unless it is told otherwise."""


class WsgiMock(MockHandle):
    """A mock that is called as a WSGI application.

    app: for any WSGI client, such as httpx.WSGITransport(app=mock.app). client: Flask's own test client; it takes the
    whole URLs of `providers`.
    """

    def __init__(self, ready: Mapping[str, Any], app: Flask) -> None:
        super().__init__(ready)
        self.app = app
        self.client: FlaskClient = app.test_client()

    def admin(self, method: str, path: str, document: Any = None) -> Any:
        """Call the admin API in process; see MockHandle.admin."""
        # A client of its own: the test's may hold cookies or be inside a with block.
        answer = self.app.test_client().open(
            self.ready["admin_url"] + path, method=method, json=document,
            headers={"Authorization": f"Bearer {self.ready['admin_token']}"},
        )  # fmt: skip
        if answer.status_code >= 400:
            raise MockProblem(f"{method} {path}: {answer.status_code} {answer.get_data(as_text=True)}")
        return answer.get_json()


@contextmanager
def wsgi_mock(
    *, students: int = 60, seed: int = 1, vendors: Sequence[str] = (), as_of: date = AS_OF
) -> Iterator[WsgiMock]:
    """A mock over a fresh district for the length of a with block.

    vendors: names or dialect files, none means all. Raises MockProblem for a wrong one.
    """
    with tempfile.TemporaryDirectory(prefix="oneroster-wsgi-") as name:
        folder = Path(name)
        try:
            chosen = choose(vendors)
            prepared = prepare(folder, fresh_district(folder, students, seed, as_of), chosen)
        except Problem as problem:
            raise MockProblem("\n".join(problem.lines())) from problem
        yield WsgiMock(prepared.ready_document(ROOT), create_app(site_of(prepared.config, folder)))
