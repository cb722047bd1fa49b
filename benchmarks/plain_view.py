"""The yardstick of serving: a Flask view that returns constant bytes, under the same server with the same settings."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

from flask import Flask, Response
from granian import Granian
from granian.constants import Interfaces


def load() -> Flask:
    """The application: `/page` answers with the bytes of the file that the environment names."""
    body = Path(os.environ["PLAIN_VIEW_BODY"]).read_bytes()
    app = Flask("plain_view")

    @app.get("/page")
    def page() -> Response:
        return Response(body, content_type="application/json")

    return app


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn", force=True)
    Granian(
        "benchmarks.plain_view:load", address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.WSGI, workers=1, factory=True,
        blocking_threads=int(sys.argv[2]), log_enabled=False,
    ).serve()  # fmt: skip
