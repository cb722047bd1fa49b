"""Is this the API, does it answer under this address, and may we read?"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at
from conformance.survey import CORE, OPTIONAL, key_of, records_in


@check(
    "endpoint.is-api", severity="error", section="REST 1.1, service root",
    why="A web page with status 200 is read by careless consumers as an empty district.", remedy="@html-answer",
)  # fmt: skip
def answers_are_no_web_pages(run: Run) -> Iterator[Notice]:
    """Collections answer with data, not with a web page."""
    for found in run.survey.collections.values():
        page = found.pages[0]
        if page.status == 200 and page.is_html:
            yield at(page, "a web page was served instead of data", expected="application/json", observed="HTML with status 200")


@check(
    "endpoint.base-path", severity="error", section="REST 1.1, service root",
    why="With a wrong service root every call fails, and the reason is in the district's settings.", remedy="@wrong-url",
)  # fmt: skip
def the_service_root_is_right(run: Run) -> Iterator[Notice]:
    """The core collections are found under this service root."""
    pages = [run.survey.collections[name].pages[0] for name in CORE]
    if all(page.status in (404, 410, 301, 302, 307, 308) for page in pages):
        yield at(pages[0], "no core collection is found under this address", expected="200", observed=f"{pages[0].status} on all")


@check(
    "endpoint.reachable", severity="error", section="REST 1.1, endpoints",
    why="A core collection that cannot be read leaves every verdict open.",
)  # fmt: skip
def core_collections_answer(run: Run) -> Iterator[Notice]:
    """Each core collection can be read from end to end."""
    if all(run.survey.collections[name].pages[0].status == 404 for name in CORE):
        raise Skip("nothing is found under this address")
    for name in CORE:
        found = run.survey.collections[name]
        page = found.pages[-1]
        if found.trouble and page.status not in (401, 403) and not page.is_html:
            yield at(page, f"{name} cannot be read", expected="200 and a list", observed=f"status {page.status}")


@check(
    "permission.resource-granted", severity="error", section="REST 1.1, 403",
    why="A withheld resource looks like an empty district to a consumer that does not read status codes.",
    remedy="@withheld-permission",
)  # fmt: skip
def core_resources_are_granted(run: Run) -> Iterator[Notice]:
    """No core collection is withheld from this integration."""
    for name in CORE:
        page = run.survey.collections[name].pages[-1]
        if page.status == 403:
            settings = [setting for setting in run.dialect.settings if name in setting.withholds]
            remedy = settings[0].remedy if settings else ""
            yield at(page, f"{name} is withheld", expected="200", observed="403", remedy=remedy)


@check(
    "auth.credential-accepted", severity="error", section="REST 1.1, 401",
    why="A credential that signs in but may not read is expired, revoked or of another product.", remedy="@refused-credential",
)  # fmt: skip
def reads_accept_the_credential(run: Run) -> Iterator[Notice]:
    """Reads accept the credential of this run."""
    refused = [run.survey.collections[name].pages[-1] for name in CORE if run.survey.collections[name].pages[-1].status == 401]
    if refused:
        yield at(refused[0], "reads are refused", expected="200", observed="401", count=len(refused))


@check(
    "permission.core-collection-empty", severity="warning", section="REST 1.1, 403",
    why="An empty core collection is nearly always a permission, and a consumer that believes it removes everyone.",
    remedy="@empty-collection",
)  # fmt: skip
def core_collections_hold_records(run: Run) -> Iterator[Notice]:
    """Each core collection that answers holds records."""
    for name in CORE:
        found = run.survey.collections[name]
        if found.is_read and not found.records:
            yield at(found.pages[-1], f"{name} is empty", expected="at least one record", observed="none")


@check(
    "permission.scope-granted", severity="warning", section="OAuth 2 scopes",
    why="A token with fewer scopes than asked for hides whole services.", remedy="@withheld-permission",
)  # fmt: skip
def the_token_opens_rostering(run: Run) -> Iterator[Notice]:
    """The token opens the rostering services."""
    if run.sign_in.endpoint.auth != "oauth2":
        raise Skip("this run does not use OAuth 2")
    if run.sign_in.granted is None:
        raise Skip("the token answer names no scope")
    if not run.sign_in.may("roster.readonly") and run.sign_in.exchange is not None:
        yield at(run.sign_in.exchange, "the token lacks roster.readonly", expected="every scope asked for", observed="fewer")


@check(
    "endpoint.trailing-slash", severity="warning", section="REST 1.1, endpoints",
    why="Published clients put a slash at the end of a collection; a redirect breaks their signature.",
)  # fmt: skip
def a_trailing_slash_is_served_in_place(run: Run) -> Iterator[Notice]:
    """A slash at the end of a collection's path is served in place."""
    run.collection("orgs")
    page = run.get("/orgs/", {"limit": 1})
    if page.status != 200:
        yield at(page, "a trailing slash is not accepted", expected="200", observed=str(page.status))


@check(
    "endpoint.body-ignored", severity="warning", section="REST 1.1, GET",
    why="Published clients send a content type, and some a body, with GET.",
)  # fmt: skip
def a_get_with_a_body_is_served(run: Run) -> Iterator[Notice]:
    """A GET with a content type and a stray body is served."""
    run.collection("orgs")
    url = run.probe.url("/orgs?limit=1")
    headers, hint = run.sign_in.headers("GET", url)
    page = run.probe.send("GET", url, headers={**headers, "Content-Type": "application/json"}, body=b"{}", auth_hint=hint)
    if page.status != 200:
        yield at(page, "a GET with a body is refused", expected="200", observed=str(page.status))


@check(
    "endpoint.extra-collections", severity="info", section="REST 1.1, endpoints",
    why="Private collections work with one vendor only.", remedy="use the standard's collections",
)  # fmt: skip
def no_private_collections_are_served(run: Run) -> Iterator[Notice]:
    """No collection beside the standard's is served where vendors are known to have one."""
    for path in ("/studentEnrollments", "/guardians"):
        page = run.get(path, {"limit": 1})
        if page.status == 200 and records_in(page, "enrollments")[0] is not None:
            yield at(page, f"{path} is served beside the standard", expected="404", observed="200")


@check(
    "endpoint.root-tail", severity="warning", section="REST 1.1, service root",
    why="Clients that add the standard's tail to a base URL call a path that is not there.",
    remedy="keep the whole service root in the configuration; add nothing to it",
)  # fmt: skip
def the_root_has_the_standards_tail(run: Run) -> Iterator[Notice]:
    """The service root ends in /ims/oneroster/v1p1, or in /ims/oneroster/rostering/v1p2."""
    page = run.survey.collections["orgs"].pages[0]
    tail = "/ims/oneroster/v1p1" if run.standard.version == "1.1" else "/ims/oneroster/rostering/v1p2"
    if page.status == 200 and not page.is_html and not run.probe.root.endswith(tail):
        yield at(page, "the service root has another tail", expected=f"...{tail}", observed="another tail")


@check(
    "endpoint.optional-answers", severity="error", section="REST 1.1, 403",
    why="A collection that fails instead of being refused stops a whole read, and is tried again for ever.",
    remedy="treat the collection as not shared; report it to the vendor",
)  # fmt: skip
def optional_collections_do_not_fail(run: Run) -> Iterator[Notice]:
    """A collection beside the core ones answers 200, 403 or 404, not with a fault of the server."""
    for name in OPTIONAL:
        found = run.survey.collections.get(name)
        if found is not None and found.pages and found.pages[0].status >= 500:
            yield at(found.pages[0], f"{name} fails", expected="200, 403 or 404", observed=str(found.pages[0].status))


@check(
    "endpoint.private-parameter", severity="info", section="REST 1.1, parameters",
    why="A parameter of one vendor's own gives shorter records there, and nothing anywhere else.", remedy="do not send it",
)  # fmt: skip
def a_private_parameter_has_no_effect(run: Run) -> Iterator[Notice]:
    """ext_basic, which one vendor reads, changes nothing."""
    for name in ("orgs", "academicSessions"):
        listed = run.collection(name).records[0]
        page = run.get(f"/{name}", {"limit": 1, "ext_basic": "true"})
        met = records_in(page, name)[0]
        if met and key_of(met[0]) == key_of(listed) and set(met[0]) != set(listed):
            yield at(page, f"{name}: ext_basic changes the records", expected="no effect", observed="other properties")
