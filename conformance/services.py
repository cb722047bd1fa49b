"""Where the services of a provider lie: one root in 1.1, one for rostering, gradebook and resources each in 1.2.

Called by the judge; the standard's operations tell which service answers a path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from oneroster_standard.discovery import FOLDER, file_names
from oneroster_standard.standard import SERVICES, Standard, load

_TAIL = re.compile(r"/(rostering|gradebook|resources)/v1p2/?$")
_DISCOVERY = re.compile(r"/discovery(/[^/]*)?$")
_BARE = re.compile(r"/v1p2/?$")
TIMEOUT_S = (10, 60)


@dataclass(frozen=True)
class Services:
    """The roots of a provider by service."""

    standard: Standard
    roots: dict[str, str]

    def root_of(self, path: str) -> str:
        """The root that a path below it belongs to."""
        return self.roots[service_of(self.standard, path)]

    def url(self, path: str, service: str = "") -> str:
        """A path as an absolute URL; service: that of the path's operation unless given."""
        return (self.roots[service] if service else self.root_of(path)) + path

    def below(self, url: str) -> str:
        """A URL without its root; as it is when it lies under none."""
        return next((url.removeprefix(root) for root in self.roots.values() if url.startswith(root)), url)


def services_of(url: str, standard: Standard) -> Services:
    """The services of the provider that one of its roots names."""
    root = _DISCOVERY.sub("", url).rstrip("/")
    if standard.version == "1.1":
        return Services(standard, dict.fromkeys(SERVICES, root))
    if _TAIL.search(root):
        return Services(standard, {service: _TAIL.sub(f"/{service}/v1p2", root) for service in SERVICES})
    base = _BARE.sub("", root)
    return Services(standard, {service: f"{base}/{service}/v1p2" for service in SERVICES})


def described_token_url(url: str) -> str | None:
    """The token URL that a provider's description names, when it may be trusted with a credential; None without one.

    Asked without a credential. A token URL is taken from https, or from the very host that was called.
    """
    services = services_of(url, load("1.2"))
    for name in file_names("rostering"):
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(f"{services.roots['rostering']}/{FOLDER}/{name}", timeout=TIMEOUT_S, allow_redirects=False)
            schemes = answer.json()["components"]["securitySchemes"].values() if answer.status_code == 200 else ()
            found = [str(scheme["flows"]["clientCredentials"]["tokenUrl"]) for scheme in schemes if scheme.get("type") == "oauth2"]
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError):
            continue
        trusted = [one for one in found if urlsplit(one).scheme == "https" or urlsplit(one).netloc == urlsplit(url).netloc]
        if trusted:
            return trusted[0]
    return None


def service_of(standard: Standard, path: str) -> str:
    """The service of the operation that a path asks for; rostering for a path of no operation."""
    parts = path.partition("?")[0].strip("/").split("/")
    for operation in standard.operations:
        form = operation.path.strip("/").split("/")
        if len(form) == len(parts) and all(one.startswith("{") or one == met for one, met in zip(form, parts, strict=True)):
            return operation.service
    return "rostering"
