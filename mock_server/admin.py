"""The admin API: settings, quirks, credentials, reset, truth, journal, metrics, health.

Called by tests and the demo with the admin token; answers JSON and never a person's value except in the truth.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response, request

from mock_server import credentials_admin, truth
from mock_server.calendar import MOST_DAYS
from mock_server.faults.grammar import read_object
from mock_server.state import UnknownSnapshot
from oneroster_harness.problems import Problem

if TYPE_CHECKING:
    from mock_server.application import Site
    from mock_server.vendor import Vendor


def _json(document: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status=status, content_type="application/json")


def _strings(document: Any, key: str) -> list[str] | None:
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, list) and all(isinstance(item, str) for item in found) else None


def admin_routes(site: Site) -> Blueprint:
    """All admin routes of a site."""
    blueprint = Blueprint("admin", __name__)

    @blueprint.before_request
    def guard() -> Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), site.admin_token.encode()):
            return None
        return _json({"error": "the admin token is missing or wrong"}, 401)

    @blueprint.get("/health")
    def health() -> Response:
        planted = {id: count for vendor in site.vendors.values() for id, count in vendor.store.meta.get("defects", {}).items()}
        return _json({"status": "ok", "vendors": sorted(site.vendors), "worker": os.getpid(), "defects": dict(sorted(planted.items()))})

    @blueprint.get("/journal")
    def journal() -> Response:
        since = request.args.get("since", "0")
        if not (since.isascii() and since.isdigit() and len(since) <= 18):
            return _json({"error": "since is the number of an entry"}, 400)
        return _json(site.journal.document(int(since)))

    @blueprint.post("/reset")
    def reset() -> Response:
        document = request.get_json(silent=True) if request.get_data() else {}
        name = document.get("snapshot") if isinstance(document, dict) else 0
        if not (name is None or isinstance(name, str)):
            return _json({"error": 'expected {"snapshot": NAME} or no body'}, 400)
        try:
            site.reset(name)
        except UnknownSnapshot as problem:
            return _json({"error": f"no snapshot is called {problem}", "snapshots": problem.names}, 404)
        return _json({"status": "reset", "snapshot": name})

    @blueprint.get("/metrics")
    def metrics() -> Response:
        lines = ["# TYPE oneroster_mock_requests_total counter"]
        for (vendor, what, status), count in site.journal.counts():
            labels = f'vendor="{vendor}",what="{what}",status="{status}"'
            lines.append(f"oneroster_mock_requests_total{{{labels}}} {count}")
        return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")

    @blueprint.route("/advance", methods=["GET", "POST"])
    def advance() -> Response:
        """Let days pass; GET tells the day."""
        if request.method == "GET":
            return _json(site.calendar.document())
        document = request.get_json(silent=True)
        days = document.get("days") if isinstance(document, dict) else None
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
            return _json({"error": f'expected {{"days": 1 to {MOST_DAYS}}}'}, 400)
        try:
            return _json(site.calendar.advance(days))
        except Problem as problem:
            return _json({"error": problem.met, "expected": problem.expected}, 409)

    @blueprint.post("/snapshot")
    def snapshot() -> Response:
        """Keep the state under a name: settings, quirks, faults, credentials, the day, written records."""
        document = request.get_json(silent=True) if request.get_data() else {}
        name = document.get("name", "") if isinstance(document, dict) else None
        if not isinstance(name, str) or len(name) > 80:
            return _json({"error": 'expected {"name": NAME} of at most 80 characters, or no body'}, 400)
        return _json({"snapshot": site.sharing.state.snapshot(name), "snapshots": site.sharing.state.snapshots()})

    @blueprint.route("/vendors/<name>/<subject>", methods=["GET", "PUT"])
    def vendor_state(name: str, subject: str) -> Response:
        vendor = site.vendors.get(name)
        if vendor is None or subject not in ("quirks", "settings", "credentials", "faults"):
            return _json({"error": "unknown vendor or subject", "vendors": sorted(site.vendors)}, 404)
        if request.method == "PUT":
            return _change(vendor, subject, request.get_json(silent=True))
        return _json(_state(vendor, subject))

    @blueprint.get("/vendors/<name>/truth/<entity>")
    def vendor_truth(name: str, entity: str) -> Response:
        vendor = site.vendors.get(name)
        spec = request.args.get("spec")
        provider = vendor.provider(spec) if vendor and (spec is None or spec in vendor.providers) else None
        channel = request.args.get("channel", "api")
        if (
            provider is None
            or f"{entity}.csv" not in provider.standard.csv_files
            or channel not in ("api", "csv")
        ):
            return _json({"error": "unknown vendor, entity, channel or spec"}, 404)
        found = list(truth.rows(provider, entity, channel))
        return _json({"vendor": name, "spec": provider.spec, "entity": entity, "channel": channel, "rows": found})

    return blueprint


def _state(vendor: Vendor, subject: str) -> Any:
    if subject == "quirks":
        return {"quirks": list(vendor.quirk_ids)}
    if subject == "settings":
        return {
            "withheld": sorted(vendor.withheld),
            "settings": [{"id": found.id, "title": found.title} for found in vendor.dialect.settings],
            "limits": vendor.limits.document(),
        }
    if subject == "credentials":
        return credentials_admin.state(vendor)
    return {"faults": vendor.faults.document()}


def _change(vendor: Vendor, subject: str, document: Any) -> Response:
    if subject == "credentials":
        return _json(*credentials_admin.change(vendor, document))
    if subject == "faults":
        return _change_faults(vendor, document)
    key = {"quirks": "quirks", "settings": "withheld"}[subject]
    names = _strings(document, key)
    has_limits = key == "withheld" and isinstance(document, dict) and "limits" in document
    if names is None and not (has_limits and key not in document):
        return _json({"error": f'expected {{"{key}": [ids]}}'}, 400)
    try:
        if has_limits:
            vendor.set_limits(document["limits"])
        if names is not None:
            vendor.set_quirks(names) if key == "quirks" else vendor.withhold(names)
    except Problem as problem:
        return _json({"error": problem.met, "expected": problem.expected}, 400)
    return _json(_state(vendor, subject))


def _change_faults(vendor: Vendor, document: Any) -> Response:
    asked = document.get("faults") if isinstance(document, dict) else None
    if not isinstance(asked, list):
        return _json({"error": 'expected {"faults": [...]}, each ID[@key=value,...] or an object with an id'}, 400)
    try:
        vendor.faults.order([read_object(found) for found in asked])
    except Problem as problem:
        return _json({"error": problem.met, "expected": problem.expected, "try": problem.try_}, 400)
    return _json(_state(vendor, "faults"))
