"""Errors: status codes and payloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from oneroster_standard.schemas import status_info_schema
from oneroster_standard.standard import load
from oneroster_standard.status_info import code_minor_1p2

SECTION = "REST 1.1, errors"
UNKNOWN = "no-such-object-1000000"


STATUS_FORMS = {"1.1": "an array of entries", "1.2": "the status at the root of the object"}
_STATUS_1P2 = Draft202012Validator({
    "type": "object",
    "required": ["imsx_codeMajor", "imsx_severity"],
    "properties": {
        "imsx_codeMajor": {"enum": ["success", "processing", "failure", "unsupported"]},
        "imsx_severity": {"enum": ["status", "warning", "error"]},
        "imsx_description": {"type": "string"},
        "imsx_CodeMinor": {
            "type": "object",
            "required": ["imsx_codeMinorField"],
            "properties": {
                "imsx_codeMinorField": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["imsx_codeMinorFieldName", "imsx_codeMinorFieldValue"],
                        "properties": {"imsx_codeMinorFieldName": {"type": "string"}, "imsx_codeMinorFieldValue": {"type": "string"}},
                    },
                }
            },
        },
    },
})  # fmt: skip


def codes_of(version: str, document: Any) -> list[tuple[str, str, str]] | None:
    """Major, severity and minor codes of an error; None when its payload has not the version's form."""
    if version == "1.1":
        entries = document.get("statusInfoSet") if isinstance(document, dict) else None
        if not Draft202012Validator(status_info_schema(load(version))).is_valid(entries):
            return None
        return [(entry["imsx_codeMajor"], entry["imsx_severity"], entry["imsx_codeMinor"]) for entry in entries or ()]
    if not _STATUS_1P2.is_valid(document):
        return None
    fields = document.get("imsx_CodeMinor", {}).get("imsx_codeMinorField", ())
    return [(document["imsx_codeMajor"], document["imsx_severity"], field["imsx_codeMinorFieldValue"]) for field in fields]


def _unknown(run: Run) -> Exchange:
    run.collection("orgs")
    return run.get(f"/orgs/{UNKNOWN}")


def _errors(run: Run) -> list[tuple[Exchange, int, str]]:
    """One error of each kind that a read can meet: the answer, its status by the standard, its code minor."""
    if "errors" not in run.worked_out:
        run.worked_out["errors"] = [
            (_unknown(run), 404, "unknown object"),
            (run.get("/orgs", {"filter": "noSuchField='x'"}), 400, "invalid_filter_field"),
            (run.get("/orgs", raw_query="fields=&limit=1"), 400, "invalid_blank_selection_field"),
            (run.unsigned("/orgs?limit=1"), 401, "unauthorized"),
        ]
    met: list[tuple[Exchange, int, str]] = run.worked_out["errors"]
    met = [(page, status, minor) for page, status, minor in met if page.status >= 400]
    if not met:
        raise Skip("the provider answered no error")
    return met


@check("error.unknown-id", severity="error", section=SECTION, why="A missing object that answers 200 is stored as an empty one.")
def an_unknown_id_is_404(run: Run) -> Iterator[Notice]:
    """A read of an unknown id is a 404, in every collection and view."""
    names = [found.name for found in run.readable()]
    every = [*names, *(segment for segment, (collection, _, _) in run.standard.views.items() if collection in names)]
    for name in every if run.deep else run.choose("unknown id", every, 6):
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
    for page, _, _ in _errors(run):
        if json_of(page) is None:
            yield at(page, "an error is not JSON", expected="JSON", observed="HTML" if page.is_html else "other text")
            return


@check(
    "error.status-info", severity="warning", section=SECTION + " (recommended)",
    why="Clients read code minor and description from statusInfoSet.",
)  # fmt: skip
def errors_carry_the_status_payload(run: Run) -> Iterator[Notice]:
    """Errors carry statusInfoSet with the standard's codes."""
    found = [(page, document) for page, _, _ in _errors(run) if (document := json_of(page)) is not None]
    if not found:
        raise Skip("no error is JSON")
    for page, document in found:
        if codes_of(run.standard.version, document) is None:
            name = "statusInfoSet" if run.standard.version == "1.1" else "imsx_codeMajor"
            observed = "another form" if isinstance(document, dict) and name in document else "absent"
            yield at(page, f"{name} is missing or has another form", pointer=f"/{name}", expected=STATUS_FORMS[run.standard.version], observed=observed)
            return


@check(
    "error.code-minor", severity="warning", section=SECTION + " (the payload is recommended)",
    why="Clients decide by the code minor what to tell the district.",
)  # fmt: skip
def errors_name_their_reason(run: Run) -> Iterator[Notice]:
    """The code minor of an error is the one that the standard has for its cause."""
    judged = 0
    for page, status, minor in _errors(run):
        document = json_of(page)
        met = codes_of(run.standard.version, document)
        if page.status != status or not met:
            continue  # judged by the status, or by error.status-info; 1.2 does not require the minor
        judged += 1
        minor = minor if run.standard.version == "1.1" else code_minor_1p2(minor)
        if ("failure", "error", minor) not in met:
            yield at(page, f"an error {status} has other codes", pointer="/statusInfoSet/*/imsx_codeMinor", expected=f"failure, error, {minor}",
                     observed=", ".join(met[0]))  # fmt: skip
    if not judged:
        raise Skip("no error carries a statusInfoSet that can be read")


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
    # Where 1.2 has it anyway, though it does not require it.
    if "imsx_description" not in document:
        yield at(page, "imsx_description is not at the top level", pointer="/imsx_description")
