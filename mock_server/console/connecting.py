"""How to reach a vendor, as lines to copy: curl, environment, the harness's own commands, a providers file.

Called by the pages. Secrets stand in the environment lines only, never in a command.
"""

from __future__ import annotations

from dataclasses import dataclass

from mock_server.vendor import Vendor
from oneroster_standard.standard import SERVICES

APP_NAME_QUIRK = "token.app-name-required"


@dataclass(frozen=True, slots=True)
class Address:
    """One service root of a vendor, as a client calls it."""

    spec: str
    service: str
    url: str
    basis: str
    source: str

    @property
    def is_assumed(self) -> bool:
        """Whether nobody was found saying it."""
        return self.basis == "guess"


def addresses(vendor: Vendor, root: str) -> list[Address]:
    """All service roots that need no host name of the vendor's; root: scheme, host and port as the browser called them."""
    own = vendor.credentials
    return [
        Address(
            found.spec, found.service or "all services", root + found.value.format(app=own.app, application=own.application),
            found.basis, found.source,
        )
        for found in vendor.dialect.roots
        if not found.needs_host
    ]  # fmt: skip


def token_url(vendor: Vendor, root: str) -> str | None:
    """Where tokens are asked for; None for a vendor without such a place."""
    if not vendor.dialect.token_paths:
        return None
    found = root + vendor.dialect.token_paths[0].value
    return f"{found}?appName={vendor.credentials.app}" if APP_NAME_QUIRK in vendor.quirk_ids else found


def environment(vendor: Vendor) -> str:
    """Shell lines that put the credentials where the commands look for them."""
    own = vendor.credentials
    lines = [f"export ONEROSTER_CLIENT_ID='{own.client_id}'", f"export ONEROSTER_CLIENT_SECRET='{own.client_secret}'"]
    if "bearer" in vendor.dialect.auth:
        lines.append(f"export ONEROSTER_TOKEN='{own.bearer}'")
    return "\n".join(lines)


def curl(vendor: Vendor, root: str) -> str:
    """Two lines: a token, and a first page. A static bearer needs no first line."""
    base = addresses(vendor, root)[0].url
    asked = f"curl -s -H \"Authorization: Bearer $ONEROSTER_TOKEN\" '{base}/orgs?limit=2'"
    where = token_url(vendor, root)
    if where is None:
        return asked
    get = f"curl -s -u \"$ONEROSTER_CLIENT_ID:$ONEROSTER_CLIENT_SECRET\" -d grant_type=client_credentials '{where}'"
    pick = "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"access_token\"])'"
    return f"ONEROSTER_TOKEN=$({get} | {pick})\n{asked}"


def commands(vendor: Vendor, root: str) -> str:
    """The harness against this vendor."""
    base, where = addresses(vendor, root)[0].url, token_url(vendor, root)
    token = f" --token-url '{where}'" if where else ""
    known = "" if vendor.name == "reference" else f" --vendor {vendor.name}"
    return "\n".join(
        [
            f"oneroster check api '{base}'{token}{known}",
            f"oneroster sync plan '{base}' duckdb:///roster.duckdb{token}{known}",
        ]
    )


def providers_file(vendor: Vendor, root: str) -> str:
    """A table of providers.toml; the secrets stay in the environment."""
    where = token_url(vendor, root)
    lines = [f"[providers.{vendor.name}]", f'url = "{addresses(vendor, root)[0].url}"']
    lines += [f'token_url = "{where}"'] if where else []
    lines += [] if vendor.name == "reference" else [f'vendor = "{vendor.name}"']
    lines += ['client_id_env = "ONEROSTER_CLIENT_ID"', 'client_secret_env = "ONEROSTER_CLIENT_SECRET"']
    return "\n".join(lines)


def documents(vendor: Vendor) -> list[tuple[str, str]]:
    """(spec, service) of each OpenAPI document: one for 1.1, one for each service of 1.2."""
    found: list[tuple[str, str]] = []
    for spec in vendor.dialect.specs:
        served = [service for service in SERVICES if service in vendor.dialect.services_of(spec)]
        found += [(spec, "all")] if spec == "1.1" else [(spec, service) for service in served]
    return found
