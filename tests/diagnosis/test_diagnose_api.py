"""Each cause is planted in a provider and told exactly; a clean provider has none."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conformance.diagnosis import network
from conformance.diagnosis.result import causes
from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects import SHIPPED, load_dialect
from tests.meeting.endpoints import environment_of
from tests.sync_engine.conftest import Ran, call

SETTINGS = [(vendor, one.id) for vendor in SHIPPED for one in load_dialect(vendor).settings if one.withholds]


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """All four providers over a small district."""
    with running_mock(students=60) as found:
        yield found


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> None:
    """The mock in its first state."""
    if "mock" in request.fixturenames:
        request.getfixturevalue("mock").reset()


def diagnose(mock: RunningMock, vendor: str, monkeypatch: pytest.MonkeyPatch, *more: str, url: str = "", token_url: str | None = None, **secrets: str) -> Ran:
    """The command on one provider."""
    own = mock.provider(vendor)
    for name, value in (environment_of(mock, vendor) | secrets).items():
        monkeypatch.setenv(name, value)
    at = own.token_url if token_url is None else token_url
    sign_in = ["--token-url", at] if at else ["--auth", "oauth1"]
    return call("diagnose", url or own.base_url, *sign_in, *more, "--json", "-")


def told(ran: Ran) -> tuple[str | None, list[str], str]:
    """Cause, settings and remedy."""
    document = ran.document
    return document["cause"], document["settings"], document["remedy"]


@pytest.mark.parametrize("vendor", SHIPPED)
def test_a_clean_provider_has_no_cause_and_its_vendor_is_guessed(mock: RunningMock, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = diagnose(mock, vendor, monkeypatch)
    document = ran.document
    assert (ran.code, document["cause"], document["vendor_guess"]) == (0, None, vendor)
    assert {step["outcome"] for step in document["steps"]} == {"pass"}
    assert document["vendor_confidence"] > 0.5


@pytest.mark.parametrize(("vendor", "setting"), SETTINGS)
def test_a_withheld_setting_is_told_with_its_own_step(mock: RunningMock, vendor: str, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mock.withhold(vendor, [setting])
    ran = diagnose(mock, vendor, monkeypatch)
    own = next(one for one in load_dialect(vendor).settings if one.id == setting)
    cause, settings, remedy = told(ran)
    expected = {404: "service.off", 401: "service.not-granted"}[own.status] if "*" in own.withholds else "permission.withheld"
    assert (ran.code, cause) == (1, expected)
    assert setting in settings
    assert own.remedy in remedy


@pytest.mark.parametrize("vendor", SHIPPED)
@pytest.mark.parametrize("planted", ["wrong", "expire", "revoke"])
def test_a_credential_that_is_wrong_expired_or_revoked_is_refused(
    mock: RunningMock, vendor: str, planted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"ONEROSTER_CLIENT_SECRET": "wrong"} if planted == "wrong" else {}
    if planted != "wrong":
        mock.admin("PUT", f"/vendors/{vendor}/credentials", {"action": planted})
    ran = diagnose(mock, vendor, monkeypatch, **secrets)
    assert (ran.code, told(ran)[0]) == (1, "credential.refused")
    assert told(ran)[2] == load_dialect(vendor).remedies["refused-credential"]


@pytest.mark.parametrize("vendor", SHIPPED)
def test_a_missing_scope_is_told(mock: RunningMock, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mock.admin("PUT", f"/vendors/{vendor}/credentials", {"action": "narrow", "scopes": ["roster-demographics.readonly"]})
    ran = diagnose(mock, vendor, monkeypatch)
    assert told(ran)[0] == "scope.missing"


@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus"])
def test_a_wrong_path_names_the_one_that_answers(mock: RunningMock, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = mock.provider(vendor).base_url
    for wrong in (root.removesuffix("/v1p1"), root + "/orgs", root.replace("oneroster", "onerooster")):
        cause, _, remedy = told(diagnose(mock, vendor, monkeypatch, url=wrong))
        assert cause == "url.base-path", wrong
        assert f"Use {root} :" in remedy, wrong


@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus"])
def test_a_wrong_token_url_names_the_one_that_answers(mock: RunningMock, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = str(mock.provider(vendor).token_url).partition("?")[0]
    cause, _, remedy = told(diagnose(mock, vendor, monkeypatch, token_url=f"{own}x"))
    assert cause == "url.token"
    assert f"Use {own} " in remedy


@pytest.mark.parametrize(
    ("planted", "cause"),
    [
        ("fault.load-too-many-requests@wait=9999", "limits.rate"),
        ("fault.server-error", "provider.failing"),
        ("fault.body-login-page", "url.web-page"),
        ("fault.auth-token-born-expired", "credential.token-refused"),
        ("fault.paging-no-records@on=enrollments", "data.empty"),
        ("fault.auth-forbidden@on=users", "permission.withheld"),
    ],
)
def test_a_fault_is_told_by_its_cause(mock: RunningMock, planted: str, cause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mock.set_faults("reference", [planted])
    assert told(diagnose(mock, "reference", monkeypatch))[0] == cause


def test_a_withheld_entity_that_looks_empty_is_told(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    mock.add_quirks("powerschool", ["permission.forbidden-as-empty"])
    mock.withhold("powerschool", ["enrollments"])
    cause, settings, remedy = told(diagnose(mock, "powerschool", monkeypatch))
    assert (cause, settings) == ("data.empty", ["enrollments"])
    assert "API Profiles" in remedy


def test_sessions_of_another_year_are_told(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(diagnose(mock, "reference", monkeypatch, "--as-of", "2031-02-01"))[0] == "data.sessions-out-of-range"


def test_a_closed_port_and_an_unknown_name_exit_3_and_tell_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEROSTER_TOKEN", "secret")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_address[1]
    for url, cause in ((f"http://127.0.0.1:{port}/v1p1", "network.port"), ("https://nobody.invalid/v1p1", "network.dns")):
        ran = call("diagnose", url, "--auth", "bearer", "--json", "-")
        assert (ran.code, ran.document["cause"]) == (3, cause)


def test_nothing_is_sent_over_plain_http_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEROSTER_TOKEN", "secret")
    ran = call("diagnose", "http://192.0.2.7/ims/oneroster/v1p1", "--auth", "bearer", "--json", "-")
    assert (ran.code, ran.document["cause"], len(ran.document["steps"])) == (1, "network.plain-http", 1)


def test_https_where_http_is_spoken_is_told(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    url = mock.provider().base_url.replace("http:", "https:")
    assert told(diagnose(mock, "reference", monkeypatch, url=url))[0] == "network.https-on-http"


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[int]:
    """A TLS server whose certificate nobody issued; its port."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(start).not_valid_after(start.replace(year=2126)).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("scheme", "cause"), [("https", "network.tls"), ("http", "network.http-on-https")])
def test_a_certificate_of_nobody_and_http_to_a_tls_port_are_told(
    tls_server: int, scheme: str, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEROSTER_TOKEN", "secret")
    ran = call("diagnose", f"{scheme}://127.0.0.1:{tls_server}/v1p1", "--auth", "bearer", "--json", "-")
    assert (ran.code, ran.document["cause"]) == (1, cause)


def test_a_host_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEROSTER_TOKEN", "secret")
    monkeypatch.setattr(network, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ran = call("diagnose", f"https://127.0.0.1:{silent.getsockname()[1]}/v1p1", "--auth", "bearer", "--json", "-")
    assert (ran.code, ran.document["cause"]) == (3, "network.timeout")


def test_every_cause_of_the_table_is_told_by_a_test() -> None:
    here = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [cause for cause in causes() if f'"{cause}"' not in here] == []


def test_the_support_bundle_holds_no_value_of_anybody_and_no_secret(mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    student = next(row for row in mock.truth("reference", "users") if row["role"] == "student")
    out = tmp_path / "support.zip"
    ran = diagnose(mock, "reference", monkeypatch, "--student", student["sourcedId"], "--bundle", str(out))
    assert ran.code == 0
    own = mock.provider()
    with zipfile.ZipFile(out) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    text = "".join(parts.values()) + ran.out + ran.err
    held = json.loads(parts["requests.json"])
    assert any(entry["path"] == "/users/..." for entry in held) and any("filter=..." in entry["path"] for entry in held)
    secrets = [own.client_id, own.client_secret, student["sourcedId"], student["givenName"], student["familyName"], student["email"], student["username"]]
    for entity in ("users", "orgs", "classes"):
        for row in mock.truth("reference", entity):
            secrets += [value for name in ("sourcedId", "familyName", "email", "name", "title") if isinstance(value := row.get(name), str)]
    assert [value for value in secrets if len(value) > 4 and value in text] == []


class OfAnswers:
    """A roster that a test writes down."""

    def __init__(self, user: dict[str, Any] | None, seats: list[dict[str, Any]], others: dict[str, dict[str, Any]]) -> None:
        self._user, self._seats, self._others = user, seats, others

    def user(self, id: str) -> dict[str, Any] | None:
        """The only user."""
        return self._user

    def enrollments_of(self, user_id: str) -> list[dict[str, Any]]:
        """The only user's."""
        return self._seats

    def one(self, entity: str, id: str) -> dict[str, Any] | None:
        """One of the others."""
        return self._others.get(id)
