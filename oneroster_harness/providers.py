"""Where a provider is and how to sign in: a URL or a name of the providers file, secrets from the environment.

Called by every verb that takes a provider; never prints a secret and never takes one from a flag.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from oneroster_harness.problems import CannotRun, UsageProblem, unknown

DEFAULT_FILE = "providers.toml"
AUTH_KINDS = ("oauth2", "oauth1", "bearer")
_SECRET_NAMES = re.compile(r"secret|token|password|passwd|signature|apikey|api_key|bearer", re.IGNORECASE)
_KEYS = {
    "url", "auth", "token_url", "client_id", "client_secret", "token", "client_id_env", "client_secret_env", "token_env",
    "spec", "vendor", "host_key", "known_hosts", "key_file", "password_env",
    "manifest_last", "expired_token", "expired_token_env", "other_token_url", "other_client_id", "other_client_secret", "other_token",
    "other_client_id_env", "other_client_secret_env", "other_token_env",
    "second_client_id", "second_client_secret", "second_token", "second_client_id_env", "second_client_secret_env", "second_token_env",
    "tenant", "schedule", "timezone", "policy", "requests_per_s", "incremental",
}  # fmt: skip
_OTHER_TABLES = ("watch", "budget", "blackout", "notify")
"""What a watch reads from the same file."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One provider: its service root, how to sign in, and what is known about it.

    other: the same address with the credential of another district, which should open nothing there; expired_token: one whose
    life is over. Both are for checks of what a provider refuses. second: the same address with the credential that takes the
    place of this one; a sync tries it when this one is refused.
    """

    url: str
    auth: str
    token_url: str | None = None
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    spec: str | None = None
    vendor: str | None = None
    name: str | None = None
    second: Endpoint | None = field(default=None, repr=False)
    other: Endpoint | None = field(default=None, repr=False)
    expired_token: str | None = field(default=None, repr=False)


def redact(url: str) -> str:
    """The URL without user information and without values of secret-looking query parameters."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"***@{host}" if "@" in parts.netloc else host
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if any(_SECRET_NAMES.search(name) for name, _ in pairs):
        query = urlencode(
            [(name, "***" if _SECRET_NAMES.search(name) else value) for name, value in pairs], safe="*"
        )
    else:
        query = parts.query
    return urlunsplit(parts._replace(netloc=netloc, query=query))


def _read_file(path: Path) -> dict[str, dict[str, Any]]:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CannotRun("the providers file is not there", where=str(path)) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CannotRun(
            "the providers file cannot be read as TOML", where=f"{path}: {type(error).__name__}"
        ) from error
    table = raw.get("providers", {name: row for name, row in raw.items() if name not in _OTHER_TABLES})
    for name, row in table.items():
        if not isinstance(row, dict) or not isinstance(row.get("url"), str):
            raise UsageProblem(
                f"provider {name!r} has no url", '[providers.NAME] with url = "https://..."', str(path)
            )
        for key in row:
            if key not in _KEYS:
                raise UsageProblem(
                    f"provider {name!r} has the unknown key {key!r}", ", ".join(sorted(_KEYS)), str(path)
                )
    return dict(table)


def _secret(row: Mapping[str, Any], key: str, variable: str, environ: Mapping[str, str]) -> str | None:
    named = row.get(f"{key}_env")
    value = environ.get(str(named)) if named else row.get(key) or environ.get(variable)
    return str(value) if value else None


def every_row(path: Path) -> dict[str, dict[str, Any]]:
    """All providers of a providers file, each with its url at least.

    Raises CannotRun when it cannot be read, UsageProblem when a row is wrong.
    """
    return _read_file(path)


def named(name: str, providers_file: str | None) -> dict[str, Any]:
    """The row of a provider in the providers file, which holds its url at least.

    Raises UsageProblem when there is no such file or name.
    """
    path = Path(providers_file or DEFAULT_FILE)
    if providers_file is None and not path.exists():
        raise UsageProblem(
            f"{name!r} is neither a URL nor a name of {DEFAULT_FILE}",
            "https://host/.../v1p1, or a name of the providers file", "the current folder",
            f"write {DEFAULT_FILE}, or give --providers FILE",
        )  # fmt: skip
    rows = _read_file(path)
    if name not in rows:
        raise unknown("provider", name, rows)
    return rows[name]


def resolve(
    url_or_name: str,
    *,
    auth: str | None = None,
    token_url: str | None = None,
    spec: str | None = None,
    vendor: str | None = None,
    providers_file: str | None = None,
    environ: Mapping[str, str],
) -> Endpoint:
    """Return the endpoint behind a URL or a name of the providers file.

    Flags win over the file, the file over the environment. auth defaults to oauth2 with a token URL, else bearer
    with a token, else oauth1.
    Raises UsageProblem (unknown name, bad URL) or CannotRun (no credential for the chosen mechanism).
    """
    row: dict[str, Any] = {}
    name = None
    if "://" not in url_or_name:
        row, name = named(url_or_name, providers_file), url_or_name
    url = str(row.get("url", url_or_name)).strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageProblem(
            "the provider's URL cannot be used", "http(s)://host/path ending in /v1p1", redact(url)
        )
    token_at = token_url or row.get("token_url")
    token = _secret(row, "token", "ONEROSTER_TOKEN", environ)
    kind = auth or row.get("auth") or ("oauth2" if token_at else "bearer" if token else "oauth1")
    if kind not in AUTH_KINDS:
        raise unknown("auth", str(kind), AUTH_KINDS)
    endpoint = Endpoint(
        url=url, auth=kind, token_url=token_at, token=token, name=name,
        client_id=_secret(row, "client_id", "ONEROSTER_CLIENT_ID", environ),
        client_secret=_secret(row, "client_secret", "ONEROSTER_CLIENT_SECRET", environ),
        spec=spec or row.get("spec"), vendor=vendor or row.get("vendor"),
        expired_token=_secret(row, "expired_token", "ONEROSTER_EXPIRED_TOKEN", environ),
    )  # fmt: skip
    _require_credential(endpoint)
    return replace(endpoint, other=_other(endpoint, row, environ), second=_second(endpoint, row, environ))


def _second(endpoint: Endpoint, row: Mapping[str, Any], environ: Mapping[str, str]) -> Endpoint | None:
    """The same provider with the credential that is to take over, while both are valid."""
    token = _secret(row, "second_token", "ONEROSTER_SECOND_TOKEN", environ)
    client_id = _secret(row, "second_client_id", "ONEROSTER_SECOND_CLIENT_ID", environ) or endpoint.client_id
    client_secret = _secret(row, "second_client_secret", "ONEROSTER_SECOND_CLIENT_SECRET", environ)
    if not (token if endpoint.auth == "bearer" else client_secret):
        return None
    return replace(endpoint, token=token, client_id=client_id, client_secret=client_secret, expired_token=None)


def _other(endpoint: Endpoint, row: Mapping[str, Any], environ: Mapping[str, str]) -> Endpoint | None:
    """The same provider signed in to as another district, when such a credential is given."""
    client_id = _secret(row, "other_client_id", "ONEROSTER_OTHER_CLIENT_ID", environ)
    client_secret = _secret(row, "other_client_secret", "ONEROSTER_OTHER_CLIENT_SECRET", environ)
    token = _secret(row, "other_token", "ONEROSTER_OTHER_TOKEN", environ)
    has_pair = bool(client_id and client_secret)
    if not token and not has_pair:
        return None
    kind = "bearer" if token else endpoint.auth
    if kind == "bearer" and not token:
        raise CannotRun(
            "another district's credential cannot be used", "ONEROSTER_OTHER_TOKEN, since this provider is read with a bearer token",
            redact(endpoint.url),
        )  # fmt: skip
    return replace(
        endpoint, auth=kind, token=token, client_id=client_id, client_secret=client_secret, expired_token=None,
        token_url=row.get("other_token_url") or endpoint.token_url,
    )  # fmt: skip


def _require_credential(endpoint: Endpoint) -> None:
    where = redact(endpoint.url)
    if endpoint.auth == "bearer" and not endpoint.token:
        raise CannotRun("no bearer token was given", "ONEROSTER_TOKEN in the environment", where)
    if endpoint.auth != "bearer" and not (endpoint.client_id and endpoint.client_secret):
        raise CannotRun(
            "no credential was given", "ONEROSTER_CLIENT_ID and ONEROSTER_CLIENT_SECRET in the environment", where,
            "export both, or name them in providers.toml",
        )  # fmt: skip
    if endpoint.auth == "oauth2" and not endpoint.token_url:
        raise CannotRun(
            "no token endpoint was given", "--token-url URL", where, "copy it from the vendor's settings page"
        )
