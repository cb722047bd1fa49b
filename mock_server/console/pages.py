"""The console's pages: overview, one page per vendor, the journal, sign-in.

Called by browsers at the ready file's console_url. Works without scripts; a script adds copying and live tables.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for

from mock_server.calendar import MOST_DAYS
from mock_server.console import acting, connecting, downloading
from mock_server.console.api_documents import add_document_routes
from mock_server.console.session import Session, is_own_form
from oneroster_harness.problems import Problem
from oneroster_standard.dialects import QuirkFacts, load_quirks
from oneroster_standard.dialects.faults import load_faults

if TYPE_CHECKING:
    from mock_server.application import Site
    from mock_server.vendor import Vendor

SHOWN_REQUESTS = 100


def console_routes(site: Site) -> Blueprint:
    """All pages of a site."""
    blueprint = Blueprint(
        "console", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )
    # Flask escapes by a file's ending, and does not know that of these templates.
    blueprint.record_once(lambda setup: setattr(setup.app.jinja_env, "autoescape", True))
    session = Session(site.admin_token)
    add_document_routes(blueprint, dict(site.vendors))

    @blueprint.before_request
    def only_own_forms() -> Response | None:
        if request.method == "POST" and not is_own_form(request):
            return _told("This form came from another site; nothing was changed.", 403)
        if request.method == "POST" and request.endpoint != "console.sign_in" and not session.is_open(request):
            return _told("Sign in with the admin token first; nothing was changed.", 401)
        return None

    @blueprint.context_processor
    def everywhere() -> dict[str, Any]:
        return {"signed_in": session.is_open(request), "root": request.host_url.rstrip("/"), "vendors": list(site.vendors.values())}

    def vendor_of(name: str) -> Vendor:
        return site.vendors.get(name) or abort(404)

    @blueprint.get("")
    def overview() -> str:
        return render_template(
            "console/overview.html.j2", district=_district(site), connecting=connecting, today=site.calendar.document(),
            passed=request.args.get("passed"), most_days=MOST_DAYS,
        )  # fmt: skip

    @blueprint.get("/journal")
    def journal() -> str:
        return render_template(
            "console/journal.html.j2", counts=site.journal.counts(), latest=site.journal.entries()[: -SHOWN_REQUESTS - 1 : -1]
        )  # fmt: skip

    @blueprint.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response:
        wrong = False
        if request.method == "POST":
            if session.accepts(request.form.get("token", "")):
                answer = make_response(redirect(url_for("console.overview")))
                session.begin(answer, url_for("console.overview"))
                return answer
            wrong = True
        return make_response(render_template("console/sign_in.html.j2", wrong=wrong), 401 if wrong else 200)

    @blueprint.post("/sign-out")
    def sign_out() -> Response:
        answer = make_response(redirect(url_for("console.overview")))
        session.end(answer, url_for("console.overview"))
        return answer

    @blueprint.get("/vendors/<name>")
    def vendor_page(name: str) -> str:
        vendor = vendor_of(name)
        return render_template(
            "console/vendor.html.j2", vendor=vendor, connecting=connecting, families=_families(vendor),
            changed=request.args.get("changed", ""), faults=list(load_faults().values()),
            set_faults="\n".join(found["text"] for found in vendor.faults.document()), struck=vendor.faults.document(),
        )  # fmt: skip

    @blueprint.post("/vendors/<name>/<any(quirks, settings):subject>")
    def change(name: str, subject: str) -> Response:
        vendor = vendor_of(name)
        chosen = request.form.getlist("chosen")
        try:
            vendor.set_quirks(chosen) if subject == "quirks" else vendor.withhold(chosen)
        except Problem as problem:
            return _told(f"{problem.met}. Nothing was changed.", 400)
        return make_response(redirect(url_for("console.vendor_page", name=name, changed=subject, _anchor=subject), 303))

    @blueprint.post("/vendors/<name>/faults")
    def change_faults(name: str) -> Response:
        vendor = vendor_of(name)
        try:
            acting.set_faults(vendor, request.form.get("faults", ""))
        except Problem as problem:
            return _told(f"{problem.met}; expected {problem.expected}. Nothing was changed.", 400)
        return make_response(redirect(url_for("console.vendor_page", name=name, changed="faults", _anchor="faults"), 303))

    @blueprint.post("/vendors/<name>/credentials")
    def change_credentials(name: str) -> Response:
        vendor = vendor_of(name)
        try:
            issued = acting.change_credentials(vendor, request.form)
        except acting.Refused as refused:
            return _told(f"{refused.text}. Nothing was changed.", 400)
        if issued is not None:
            answer = make_response(render_template("console/issued.html.j2", vendor=vendor, issued=issued))
            answer.headers["Cache-Control"] = "no-store"
            return answer
        return make_response(redirect(url_for("console.vendor_page", name=name, changed="credentials", _anchor="credentials"), 303))

    @blueprint.post("/advance")
    def advance() -> Response:
        try:
            told = acting.pass_days(site, request.form.get("days", ""))
        except acting.Refused as refused:
            return _told(f"{refused.text}. Nothing was changed.", 400)
        except Problem as problem:
            return _told(f"{problem.met}. Nothing was changed.", 409)
        return make_response(redirect(url_for("console.overview", passed=sum(told["changed"].get(next(iter(site.vendors)), {}).values())), 303))

    @blueprint.get("/vendors/<name>/bundle-<spec>.zip")
    def bundle(name: str, spec: str) -> Response:
        vendor = vendor_of(name)
        if spec not in vendor.providers or not session.is_open(request):
            abort(404 if spec not in vendor.providers else 401)
        answer = make_response(downloading.bundle_of(site, vendor, spec))
        answer.headers["Content-Type"] = "application/zip"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{spec}-day-{site.calendar.day}.zip"'
        return answer

    @blueprint.post("/reset")
    def reset() -> Response:
        site.reset()
        return make_response(redirect(url_for("console.overview"), 303))

    return blueprint


def _told(text: str, status: int) -> Response:
    return make_response(render_template("console/problem.html.j2", text=text), status)


def _district(site: Site) -> dict[str, Any]:
    """What is served: facts of the store that every vendor's view was made of."""
    meta = next(iter(site.vendors.values())).store.meta
    return {"students": meta.get("students"), "seed": meta.get("seed"), "as_of": meta.get("as_of"), "generator": meta.get("generator")}


def _families(vendor: Vendor) -> list[tuple[str, list[QuirkFacts]]]:
    """Quirks that can be switched now, by the first word of their id; those of this vendor's evidence first."""
    found: defaultdict[str, list[QuirkFacts]] = defaultdict(list)
    for quirk in load_quirks().values():
        if quirk.hook in ("mock", "day"):
            found[quirk.id.partition(".")[0]].append(quirk)
    return [(name, sorted(group, key=lambda quirk: vendor.name not in quirk.confidence)) for name, group in found.items()]
