"""Looking at a provider's API: the way, the address, the credential, the permissions, the data; stops where nothing more can be seen.

Called by the command.
"""

from __future__ import annotations

from datetime import date

from conformance.diagnosis import network
from conformance.diagnosis.recording import Recorder
from conformance.diagnosis.result import Diagnosis, Found, setup_step
from conformance.diagnosis.vendor import Guess, guess_vendor, other_addresses, token_addresses
from conformance.probe import BudgetSpent, Exchange, NotJson
from conformance.services import services_of
from conformance.sign_in import NotSignedIn, SignIn
from conformance.survey import CORE, Record, records_in
from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint, redact
from oneroster_standard.dialects import Setting, load_dialect
from oneroster_standard.standard import load

BUDGET = 400
MOST_ADDRESSES = 16
MOST_PAGES = 20
REFUSED, FORBIDDEN, ABSENT, BUSY = 401, 403, 404, 429
FIRST = "/orgs?limit=1"


class ApiDiagnosis:
    """One look at one provider. today: the day that sessions should hold."""

    def __init__(self, endpoint: Endpoint, spec: str, today: date) -> None:
        self.endpoint = endpoint
        self.today = today
        self.guess: Guess = guess_vendor(endpoint.url, endpoint.token_url)
        name = endpoint.vendor or self.guess.vendor or "reference"
        self.dialect = load_dialect(name)
        self.found = Diagnosis(redact(endpoint.url), self.dialect)
        self.found.vendor_guess, self.found.vendor_confidence = self.guess.vendor, self.guess.confidence
        self.found.vendor_signs = list(self.guess.signs)
        services = services_of(endpoint.url, load(spec))
        self.probe = Recorder(services.roots["rostering"], budget=BUDGET, services=services)
        self.sign_in = SignIn(endpoint, self.probe, spec)

    def run(self) -> Diagnosis:
        """Look until a cause leaves nothing more to see."""
        try:
            network.look_at_the_way(self.found, self.endpoint.url)
            if self.endpoint.auth == "oauth2" and self.endpoint.token_url:
                network.look_at_the_way(self.found, self.endpoint.token_url, ".token-url")
            self._address()
            self._credential()
            self._permissions()
            self._sessions()
        except Found:
            pass
        except BudgetSpent:
            self.found.skipped("budget", f"{BUDGET} requests were spent")
        except CannotRun as silent:
            self.found.failed("provider", "network.timeout", silent.try_ or silent.met)
        return self.found

    def get(self, path: str) -> Exchange:
        """One signed read below the service root."""
        url = self.probe.url(path)
        headers, hint = self.sign_in.headers("GET", url)
        return self.probe.send("GET", url, headers={**headers, "Accept": "application/json"}, auth_hint=hint)

    def _address(self) -> None:
        answer = self.probe.send("GET", self.probe.url(FIRST))
        self._refuses_for_now("address", answer)
        if answer.is_html and answer.status != ABSENT and answer.status < 500:
            self._elsewhere("url.web-page", f"{answer.status} and a web page")
        if answer.status in (301, 302, 303, 307, 308):
            self._elsewhere("url.base-path", f"{answer.status}: the address leads elsewhere")
        if answer.status in (ABSENT, 405, 410) and not self.guess.path_is_known:
            self._elsewhere("url.base-path", f"{answer.status} at this path")
        if answer.status in (ABSENT, 405, 410):
            near = self._answering(other_addresses(self.endpoint.url, self.found.vendor_guess))
            if near:
                self._elsewhere("url.base-path", f"{answer.status} at this path", near)
            self._off(answer)
        if answer.status >= 500:
            self.found.stop("address", "provider.failing", f"{answer.status} at {FIRST}")
        self.found.passed("address", f"the API answers here ({answer.status} without a credential)")

    def _elsewhere(self, cause: str, detail: str, near: str = "") -> None:
        near = near or self._answering(other_addresses(self.endpoint.url, self.found.vendor_guess))
        remedy = f"Use {redact(near)} : a OneRoster API answers there." if near else ""
        self.found.stop("address", cause, detail + (f"; {redact(near)} answers" if near else ""), remedy=remedy)

    def _answering(self, addresses: list[str]) -> str:
        """The first of these addresses at which an API asks for a credential; asked without one."""
        for address in addresses[:MOST_ADDRESSES]:
            answer = self.probe.send("GET", address + FIRST)
            if answer.status == REFUSED and not answer.is_html:
                return address
        return ""

    def _credential(self) -> None:
        try:
            self.sign_in.start()
        except NotSignedIn as refused:
            self._no_token(refused.exchange)
        answer = self.get(FIRST)
        self._refuses_for_now("credential", answer)
        if answer.status == REFUSED:
            self._refused(answer)
        if answer.status in (ABSENT, 405, 410):
            self._off(answer)
        if answer.status >= 500:
            self.found.stop("credential", "provider.failing", f"{answer.status} at {FIRST}")
        if answer.is_html:
            self.found.stop("credential", "url.web-page", f"{answer.status} and a web page, with a good credential")
        self.found.passed("credential", "it is accepted")

    def _no_token(self, answer: Exchange) -> None:
        self._refuses_for_now("credential", answer)
        if answer.status in (ABSENT, 405, 410) or answer.is_html or 300 <= answer.status < 400:
            near = self._token_endpoint()
            remedy = f"Use {redact(near)} as the token URL: a token endpoint answers there." if near else ""
            self.found.stop("credential", "url.token", f"{answer.status}{', a web page' if answer.is_html else ''} at the token URL", remedy=remedy)
        if answer.status >= 500:
            self.found.stop("credential", "provider.failing", f"{answer.status} at the token URL")
        if _error_of(answer) == "invalid_scope":
            self.found.stop("credential", "scope.missing", f"{answer.status} invalid_scope: none of the roster's scopes is granted")
        self.found.stop("credential", "credential.refused", f"{answer.status} {_error_of(answer)} at the token URL".replace("  ", " "))

    def _token_endpoint(self) -> str:
        """A token URL that answers as one does, asked without a credential."""
        for address in token_addresses(self.endpoint.url, self.endpoint.token_url or "", self.found.vendor_guess):
            answer = self.probe.send(
                "POST", address, headers={"Content-Type": "application/x-www-form-urlencoded"}, body=b"grant_type=client_credentials"
            )
            if answer.status in (400, 401) and not answer.is_html:
                return address
        return ""

    def _refused(self, answer: Exchange) -> None:
        if self.endpoint.auth == "oauth2":
            self.found.stop("credential", "credential.token-refused", "401 for a token that was just given")
        if _body(self._wrongly_signed()) != _body(answer):
            setting = next((one for one in self.dialect.settings if "*" in one.withholds and one.status == REFUSED), None)
            self.found.stop(
                "credential", "service.not-granted", "401, and otherwise than for a wrong credential", settings=(setting.id,) if setting else (),
                remedy=setting.remedy if setting else "",
            )  # fmt: skip
        self.found.stop("credential", "credential.refused", "401, as for any credential that is wrong")

    def _wrongly_signed(self) -> Exchange:
        """The same request with a credential that nobody has."""
        url = self.probe.url(FIRST)
        nobody = SignIn(
            Endpoint(self.endpoint.url, self.endpoint.auth, client_id=self.endpoint.client_id, client_secret="nobody", token="nobody"),
            self.probe, self.sign_in.spec, token="nobody",
        )  # fmt: skip
        headers, _ = nobody.headers("GET", url)
        return self.probe.send("GET", url, headers={**headers, "Accept": "application/json"})

    def _off(self, answer: Exchange) -> None:
        if not self.guess.path_is_known:
            self._elsewhere("url.base-path", f"{answer.status} at this path, with a good credential")
        settings = [one for one in self.dialect.settings if "*" in one.withholds]
        self.found.stop(
            "service", "service.off", f"{answer.status} at {FIRST}, under a path that is right", settings=tuple(one.id for one in settings),
            remedy="; or: ".join(one.remedy for one in settings),
        )  # fmt: skip

    def _refuses_for_now(self, step: str, answer: Exchange) -> None:
        if answer.status == BUSY:
            wait = answer.headers.get("Retry-After", "")
            self.found.stop(step, "limits.rate", "429" + (f", to be asked again after {wait}" if wait else ", without a time"))

    def _permissions(self) -> None:
        answers = {name: self.get(f"/{name}?limit=1") for name in CORE}
        for name, answer in answers.items():
            self._refuses_for_now(f"read.{name}", answer)
            records, _ = records_in(answer, name)
            if answer.status in (REFUSED, FORBIDDEN, ABSENT):
                self._withheld(name, answer)
            elif answer.status != 200 or records is None:
                self.found.failed(f"read.{name}", "provider.failing", f"{answer.status}, and no list of records")
            elif not records:
                setting = self._setting(name)
                self.found.failed(
                    f"read.{name}", "data.empty", f"{name} is empty", settings=(setting.id,) if setting else (),
                    remedy=f"{setting.remedy}; or: {setup_step('@empty-collection', self.dialect)}" if setting else "",
                )  # fmt: skip
            else:
                self.found.passed(f"read.{name}", f"{answer.total:,} records" if answer.total is not None else "there are records")

    def _withheld(self, name: str, answer: Exchange) -> None:
        if "insufficient_scope" in answer.headers.get("WWW-Authenticate", "") or not self.sign_in.may("roster-core.readonly", "roster.readonly"):
            self.found.failed(f"read.{name}", "scope.missing", f"{answer.status}: {name} needs the scope roster-core.readonly")
            return
        setting = self._setting(name)
        self.found.failed(
            f"read.{name}", "permission.withheld", f"{answer.status}: {name} is withheld", settings=(setting.id,) if setting else (),
            remedy=setting.remedy if setting else "", says=f"The provider withholds {name}.",
        )  # fmt: skip

    def _setting(self, name: str) -> Setting | None:
        return next((one for one in self.dialect.settings if name in one.withholds), None)

    def _sessions(self) -> None:
        sessions = self.read_all("academicSessions")
        if not sessions:
            self.found.skipped("sessions", "academicSessions could not be read")
            return
        if holds_day(sessions, self.today):
            self.found.passed("sessions", f"one of {len(sessions)} holds {self.today.isoformat()}")
        else:
            self.found.failed("sessions", "data.sessions-out-of-range", f"none of {len(sessions)} holds {self.today.isoformat()}")

    def read_all(self, name: str, query: str = "") -> list[Record]:
        """Records of a collection, up to so many pages; nothing when it cannot be read."""
        found: list[Record] = []
        for _ in range(MOST_PAGES):
            page = self.get(f"/{name}?limit=1000&offset={len(found)}{query}")
            records, _ = records_in(page, name)
            if page.status != 200 or not records or (found and records[0] == found[0]):
                break
            found += records
            if page.total is not None and len(found) >= page.total:
                break
        return found


def holds_day(sessions: list[Record], day: date) -> bool:
    """Whether one of these sessions holds a day."""
    return any(str(one.get("startDate", ""))[:10] <= day.isoformat() <= str(one.get("endDate", ""))[:10] for one in sessions if one.get("startDate"))


def _body(answer: Exchange) -> bytes:
    return answer.body


def _error_of(answer: Exchange) -> str:
    """The error code of a token answer when it is one of RFC 6749; any other text is not told."""
    try:
        told = answer.json.get("error") if isinstance(answer.json, dict) else ""
    except NotJson:
        return ""
    codes = ("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
    return str(told) if told in codes else ""


__all__ = ["ApiDiagnosis", "holds_day"]
