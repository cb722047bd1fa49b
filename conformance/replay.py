"""`oneroster replay`: sends the request of a finding again, signed afresh, its places filled in, and shows the answer's shape.

Called by the front door. Shows no value of anybody and no credential; sends reads only.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from conformance.api_judge import version_of
from conformance.diagnosis.recording import shape_of_body, shown_headers
from conformance.placeholders import resolved
from conformance.probe import Exchange, Probe
from conformance.services import services_of
from conformance.sign_in import NotSignedIn, SignIn
from conformance.survey import Record, records_in
from oneroster_harness.problems import CannotRun, UsageProblem, unknown
from oneroster_harness.providers import resolve
from oneroster_harness.terminal import (
    auth_options,
    echo_json,
    echo_text,
    json_option,
    spec_option,
    vendor_option,
)
from oneroster_standard.standard import load

EPILOG = """
\b
Examples:
  oneroster replay report.json 3f0c9a1b7d24
  oneroster replay report.json 'paging.pages-partition#2' springfield --json -
"""
BUDGET = 50


def finding_of(document: Any, name: str, where: str) -> dict[str, Any]:
    """A finding of a report by its own id or its check's, or `ID#N` for the n-th of that id.

    Raises UsageProblem.
    """
    findings = document.get("findings") if isinstance(document, dict) else None
    if not isinstance(findings, list):
        raise UsageProblem("the file is no report", "what `oneroster check api --json PATH` wrote", where)
    check, _, number = name.partition("#")
    own = [found for found in findings if isinstance(found, dict) and check in (found.get("id"), found.get("check"))]
    if not own:
        raise unknown("finding", check, {str(found.get("check")) for found in findings if isinstance(found, dict)})
    place = int(number) if number.isdigit() else 1
    if not 1 <= place <= len(own):
        raise UsageProblem(f"{check} has {len(own)} findings", f"{check}#1 to {check}#{len(own)}", where)
    found: dict[str, Any] = own[place - 1]
    return found


@click.command(epilog=EPILOG)
@click.argument("report", type=click.Path(path_type=Path))
@click.argument("finding")
@click.argument("url", required=False)
@spec_option
@vendor_option()
@auth_options
@json_option
def replay(
    report: Path, finding: str, url: str | None, spec: str | None, vendor: str | None, auth: str | None, token_url: str | None,
    providers_file: str | None, json_target: str | None,
) -> None:  # fmt: skip
    """Send the request of a FINDING (its id or its check's, or ID#N) of REPORT again, at URL or where it was met; shows the shape of the answer."""
    document = _read(report)
    found = finding_of(document, finding, str(report))
    method, _, path = str(found.get("where", {}).get("request", "")).partition(" ")
    if method != "GET" or not path.startswith("/"):
        raise UsageProblem("this finding has no read that could be sent again", "a finding whose request is GET and lies below the root", finding)
    endpoint = resolve(
        url or str(document.get("target", "")), auth=auth, token_url=token_url, spec=spec or document.get("spec"), vendor=vendor,
        providers_file=providers_file, environ=os.environ,
    )  # fmt: skip
    version = version_of(endpoint)
    services = services_of(endpoint.url, load(version))
    probe = Probe(services.roots["rostering"], budget=BUDGET, services=services)
    answer = _Sender(probe, SignIn(endpoint, probe, version)).replay(path)
    told = _told(path, answer)
    echo_text(_text(found, told), json_target)
    echo_json({"finding": found.get("check"), **told}, json_target)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise CannotRun("the report cannot be read", "what `oneroster check api --json PATH` wrote", str(path)) from error


class _Sender:
    """Signs and sends."""

    def __init__(self, probe: Probe, sign_in: SignIn) -> None:
        self.probe = probe
        self.sign_in = sign_in

    def replay(self, path: str) -> Exchange:
        """The request of a finding; raises CannotRun when it cannot be sent."""
        try:
            self.sign_in.start()
        except NotSignedIn as refused:
            raise CannotRun(
                f"the token request is refused ({refused.exchange.status})", "200 and a token", try_="oneroster diagnose tells why"
            ) from refused
        filled = resolved(path, self._record_at)
        if filled is None:
            raise CannotRun(
                "a value of this request cannot be found again", "a record at the place that the request names", path,
                "run the check again, and replay its new report",
            )  # fmt: skip
        return self._get(filled)

    def _get(self, path: str) -> Exchange:
        url = self.probe.url(path)
        headers, hint = self.sign_in.headers("GET", url)
        return self.probe.send("GET", url, headers={**headers, "Accept": "application/json"}, auth_hint=hint)

    def _record_at(self, collection: str, offset: int) -> Record | None:
        records, _ = records_in(self._get(f"/{collection}?limit=1&offset={offset}"), collection)
        return records[0] if records else None


def _told(path: str, answer: Exchange) -> dict[str, Any]:
    return {
        "request": f"GET {path}", "status": answer.status, "bytes": len(answer.body), "headers": shown_headers(answer.headers),
        "body": shape_of_body(answer),
    }  # fmt: skip


def _text(found: dict[str, Any], told: dict[str, Any]) -> str:
    lines = [f"{found.get('check')}: {found.get('message')}", told["request"], f"  status    {told['status']}, {told['bytes']:,} bytes"]
    lines += [f"  header    {name}: {value}" for name, value in told["headers"].items()]
    lines.append(f"  body      {json.dumps(told['body'], ensure_ascii=False)}")
    lines += [f"  {name:<9} {found[name]}" for name in ("expected", "observed") if found.get(name)]
    return "\n".join(lines)
