"""What only OneRoster 1.2 asks: roles, profiles, no status on success, scopes of their own, discovery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of, reference_ids
from conformance.sign_in import BEARER_HINT
from conformance.survey import Record
from oneroster_standard.discovery import FOLDER, file_names
from oneroster_standard.standard import SERVICES

ONLY = ("1.2",)
MODEL = "REST 1.2, data model"


def _roles(user: Record) -> list[Record]:
    roles = user.get("roles")
    return [found for found in roles if isinstance(found, dict)] if isinstance(roles, list) else []


@check(
    "data.primary-role", severity="error", section=MODEL + ", roles", specs=ONLY,
    why="A consumer that shows one role per school takes the primary one, and finds none or two.",
)  # fmt: skip
def each_org_has_one_primary_role(run: Run) -> Iterator[Notice]:
    """A user has exactly one primary role in each org."""
    users = run.collection("users")
    wrong = 0
    for record in users.records:
        orgs = {found for role in _roles(record) for found in reference_ids(role, "org")}
        primary = Counter(found for role in _roles(record) if role.get("roleType") == "primary" for found in reference_ids(role, "org"))
        wrong += any(primary[found] != 1 for found in orgs)
    if wrong:
        yield at(users.pages[0], "a user has no primary role in an org, or several", pointer="/users/*/roles/*/roleType",
                 expected="one primary role per org", observed="none or several", count=wrong)  # fmt: skip


@check(
    "data.role-profile", severity="error", section=MODEL + ", roles", specs=ONLY,
    why="A role that names a profile which is not there signs nobody in.",
)  # fmt: skip
def a_roles_profile_is_the_users(run: Run) -> Iterator[Notice]:
    """A role's userProfile is a profileId of the same user."""
    users = run.collection("users")
    named = wrong = 0
    for record in users.records:
        profiles = {found.get("profileId") for found in record.get("userProfiles") or () if isinstance(found, dict)}
        for role in _roles(record):
            named += "userProfile" in role
            wrong += "userProfile" in role and role["userProfile"] not in profiles
    if not named:
        raise Skip("no role names a profile")
    if wrong:
        yield at(users.pages[0], "a role names a profile that its user does not have", pointer="/users/*/roles/*/userProfile",
                 expected="a profileId of the user", observed="another", count=wrong)  # fmt: skip


@check(
    "data.primary-org", severity="warning", section=MODEL + ", users (by a published reading)", specs=ONLY,
    why="A user whose primary org gives no role is shown at a school where nothing is known of the person.",
)  # fmt: skip
def the_primary_org_is_one_of_a_role(run: Run) -> Iterator[Notice]:
    """A user's primaryOrg is the org of one of the roles."""
    users = run.collection("users")
    told = [record for record in users.records if reference_ids(record, "primaryOrg")]
    if not told:
        raise Skip("no user has a primaryOrg")
    wrong = [
        record for record in told
        if not set(reference_ids(record, "primaryOrg")) <= {found for role in _roles(record) for found in reference_ids(role, "org")}
    ]  # fmt: skip
    if wrong:
        yield at(users.pages[0], "primaryOrg is the org of no role", pointer="/users/*/primaryOrg", expected="the org of a role", observed="another",
                 count=len(wrong))  # fmt: skip


@check(
    "envelope.no-status-on-success", severity="error", section="REST 1.2, errors", specs=ONLY,
    why="A client that looks for a status payload takes a page of records for an error.",
)  # fmt: skip
def a_success_bears_no_status(run: Run) -> Iterator[Notice]:
    """A successful answer holds no status payload."""
    for found in run.readable():
        document = json_of(found.pages[0])
        told = [name for name in document if name.startswith("imsx_") or name == "statusInfoSet"] if isinstance(document, dict) else []
        if told:
            yield at(found.pages[0], f"{found.name}: a success bears a status", pointer=f"/{told[0]}", expected="records only", observed=told[0])


@check(
    "auth.demographics-scope", severity="error", section="REST 1.2, 4.3.3 (scopes)", specs=ONLY,
    why="An application that was given the roster reads birth dates and origins as well.",
)  # fmt: skip
def demographics_need_their_own_scope(run: Run) -> Iterator[Notice]:
    """A token for roster.readonly does not open demographics."""
    if run.sign_in.endpoint.auth != "oauth2" or run.sign_in.exchange is None:
        raise Skip("this run does not use OAuth 2")
    run.collection("demographics")
    document = json_of(run.sign_in.ask_token(run.sign_in.by, scopes=("roster.readonly",)))
    if not isinstance(document, dict) or not str(document.get("scope", "")).strip().endswith("/roster.readonly"):
        raise Skip("no token is given for roster.readonly alone")
    headers = {"Authorization": f"Bearer {document['access_token']}"}
    answer = run.probe.send("GET", run.probe.url("/demographics?limit=1"), headers=headers, auth_hint=BEARER_HINT)
    if answer.status != 403:
        yield at(answer, "demographics open to a token for roster.readonly", expected="403", observed=str(answer.status))


@check(
    "endpoint.discovery", severity="warning", section="REST 1.2, 2.5 (discovery)", specs=ONLY,
    why="A client that configures itself reads the addresses and the token URL from this document.", remedy="configure the addresses by hand",
)  # fmt: skip
def each_service_describes_itself(run: Run) -> Iterator[Notice]:
    """Each service that is served publishes its OpenAPI document under discovery."""
    served = {run.standard.collection(found.name).service for found in run.survey.collections.values() if found.is_read}
    for service in (found for found in SERVICES if found in served):
        pages = [run.get(f"/{FOLDER}/{name}", service=service) for name in file_names(service)[:1]]
        if pages[0].status != 200:
            pages.append(run.get(f"/{FOLDER}/{file_names(service)[1]}", service=service))
        document = json_of(pages[-1])
        if pages[-1].status != 200:
            yield at(pages[0], f"{service} publishes no description", expected="200 under either name", observed=str(pages[0].status))
        elif not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3") or not document.get("paths"):
            yield at(pages[-1], f"the description of {service} is no OpenAPI document", pointer="/openapi", expected="OpenAPI 3", observed="another form")
