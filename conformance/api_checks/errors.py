"""Errors: status codes and payloads."""

from __future__ import annotations

from collections.abc import Iterator

from jsonschema import Draft202012Validator

from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from oneroster_standard.schemas import status_info_schema

SECTION = "REST 1.1, errors"
UNKNOWN = "no-such-object-1000000"


def _unknown(run: Run) -> Exchange:
    run.collection("orgs")
    return run.get(f"/orgs/{UNKNOWN}")


@check("error.unknown-id", severity="error", section=SECTION, why="A missing object that answers 200 is stored as an empty one.")
def an_unknown_id_is_404(run: Run) -> Iterator[Notice]:
    """A read of an unknown id is a 404, in every collection."""
    for name in ("orgs", "users", "classes", "enrollments", "courses", "academicSessions"):
        if name in run.survey.collections and run.survey.collections[name].is_read:
            page = run.get(f"/{name}/{UNKNOWN}")
            if page.status != 404:
                yield at(page, f"an unknown id of {name} is not a 404", expected="404", observed=str(page.status))


@check("error.unknown-path", severity="warning", section=SECTION, why="A typing error in a path must be seen.")
def an_unknown_path_is_404(run: Run) -> Iterator[Notice]:
    """A path outside the standard is a 404."""
    run.collection("orgs")
    page = run.get("/noSuchCollection")
    if page.status not in (404, 405, 501):
        yield at(page, "an unknown path is not a 404", expected="404", observed=str(page.status))


@check("error.json-payload", severity="warning", section=SECTION + " (recommended)", why="A web page as an error breaks JSON clients.")
def errors_are_json(run: Run) -> Iterator[Notice]:
    """Errors come as JSON."""
    page = _unknown(run)
    if page.status < 400:
        raise Skip("the provider answered no error")
    if json_of(page) is None:
        yield at(page, "an error is not JSON", expected="JSON", observed="HTML" if page.is_html else "other text")


@check(
    "error.status-info", severity="warning", section=SECTION + " (recommended)",
    why="Clients read code minor and description from statusInfoSet.",
)  # fmt: skip
def errors_carry_the_status_payload(run: Run) -> Iterator[Notice]:
    """Errors carry statusInfoSet with the standard's codes."""
    page = _unknown(run)
    document = json_of(page)
    if page.status < 400:
        raise Skip("the provider answered no error")
    if document is None:
        raise Skip("the error is not JSON")
    found = document.get("statusInfoSet") if isinstance(document, dict) else None
    if not Draft202012Validator(status_info_schema(run.standard)).is_valid(found):
        observed = "absent" if found is None else "another form"
        yield at(page, "statusInfoSet is missing or has another form", pointer="/statusInfoSet", expected="an array of entries", observed=observed)


@check(
    "error.description-top-level", severity="info", section="seen in published clients",
    why="Some clients look for imsx_description at the top of the body.", remedy="read statusInfoSet in the client",
)  # fmt: skip
def errors_describe_themselves_at_the_top(run: Run) -> Iterator[Notice]:
    """Errors repeat imsx_description at the top of the body."""
    page = _unknown(run)
    document = json_of(page)
    if page.status < 400 or not isinstance(document, dict):
        raise Skip("the provider answered no error in JSON")
    if "imsx_description" not in document:
        yield at(page, "imsx_description is not at the top level", pointer="/imsx_description")
