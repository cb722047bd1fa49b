"""Where a provider's services lie: one root in 1.1, one each for rostering, gradebook and resources in 1.2.

Called by the API source and by whoever opens one. Never sends a credential anywhere: the description of 1.2 is asked
for without one.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import requests

from oneroster_harness.problems import UsageProblem
from oneroster_harness.providers import Endpoint
from oneroster_standard.discovery import FOLDER, file_names
from oneroster_standard.standard import SERVICES, load
from sync_engine.sources import setup_problems

_VERSION_SEGMENT = {"v1p1": "1.1", "v1p2": "1.2"}
_DESCRIPTION = re.compile(rf"/{FOLDER}(/[^/]*)?$")
_ROOT_1P2 = re.compile(rf"(/({'|'.join(SERVICES)}))?/v1p2$")
_TIMEOUT_S = 30


def version_of(endpoint: Endpoint) -> str:
    """The version that the URL or the options name; 1.1 when neither does.

    Raises UsageProblem when both name one and they disagree.
    """
    segments = urlsplit(endpoint.url).path.split("/")
    named = [_VERSION_SEGMENT[one] for one in segments if one in _VERSION_SEGMENT]
    in_url = named[-1] if named else None
    if endpoint.spec and in_url and endpoint.spec != in_url:
        raise UsageProblem(
            f"--spec {endpoint.spec} and the URL disagree", f"--spec {in_url}", setup_problems.shown(endpoint.url)
        )
    return endpoint.spec or in_url or "1.1"


def roots_of(url: str, version: str) -> dict[str, str]:
    """The root of each service, from any root of the provider, its description's address, or the part that they share."""
    root = _DESCRIPTION.sub("", url.rstrip("/"))
    if version == "1.1":
        return dict.fromkeys(SERVICES, root)
    shared = _ROOT_1P2.sub("", root)
    return {service: f"{shared}/{service}/v1p2" for service in SERVICES}


def address_of(url: str, version: str, collection: str) -> str:
    """The absolute URL of a collection."""
    return f"{roots_of(url, version)[load(version).collection(collection).service]}/{collection}"


def described_token_url(url: str) -> str | None:
    """The token endpoint that the description of a 1.2 provider names; None without one that may be trusted.

    Trusted with a credential: an https address, or the host and port that we were told to call.
    """
    root = roots_of(url, "1.2")["rostering"]
    with requests.Session() as session:
        session.trust_env = False
        for name in file_names("rostering"):
            for found in _token_urls(session, f"{root}/{FOLDER}/{name}"):
                parts = urlsplit(found)
                if parts.scheme == "https" or parts.netloc == urlsplit(url).netloc:
                    return found
    return None


def _token_urls(session: requests.Session, address: str) -> list[str]:
    try:
        answer = session.get(address, timeout=_TIMEOUT_S, allow_redirects=False)
        document = answer.json() if answer.status_code == 200 else {}
        schemes = document.get("components", {}).get("securitySchemes", {}).values()
        return [str(one["flows"]["clientCredentials"]["tokenUrl"]) for one in schemes if one.get("type") == "oauth2"]
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError):
        # Nothing usable is described: what to do without is for the caller to say.
        return []
