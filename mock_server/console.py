"""The console: one page that shows a person which providers are served, in which state, and what was asked.

Called by browsers at the ready file's console_url; read only, without credentials, and without any record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template_string, request

if TYPE_CHECKING:
    from mock_server.application import Site

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>OneRoster mock</title>
<style>body{font:16px/1.5 system-ui;margin:2rem;max-width:70rem}td,th{text-align:left;padding:.2rem 1rem .2rem 0;
vertical-align:top}code{overflow-wrap:anywhere}</style></head><body>
<h1>OneRoster mock</h1>
<table><tr><th>provider</th><th>service roots</th><th>token</th><th>signs in with</th><th>quirks on</th><th>withheld</th></tr>
{% for found in providers %}<tr><td>{{ found.dialect.title }}</td>
<td>{% for path in found.dialect.roots %}<code>{{ root }}{{ path.value.replace("{app}", found.credentials.app) }}</code><br>{% endfor %}</td>
<td>{% for path in found.dialect.token_paths %}<code>{{ root }}{{ path.value }}</code>{% endfor %}</td>
<td>{{ found.dialect.auth | join(", ") }}</td><td>{{ found.quirk_ids | join(", ") }}</td>
<td>{{ found.withheld | sort | join(", ") }}</td></tr>{% endfor %}</table>
<h2>Requests</h2>
<table><tr><th>provider</th><th>what</th><th>status</th><th>count</th></tr>
{% for (vendor, what, status), count in journal %}<tr><td>{{ vendor }}</td><td>{{ what }}</td><td>{{ status }}</td><td>{{ count }}</td></tr>
{% endfor %}</table></body></html>
"""


def console_routes(site: Site) -> Blueprint:
    """The console's one page."""
    blueprint = Blueprint("console", __name__)

    @blueprint.get("")
    def page() -> str:
        return render_template_string(
            PAGE,
            root=request.host_url.rstrip("/"),
            providers=list(site.vendors.values()),
            journal=site.journal.counts(),
        )

    return blueprint
