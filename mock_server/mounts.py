"""Service roots of all vendors: which one a request means, by its path and by the host that it was sent to.

Called by the application. A host name that is a vendor's reaches that vendor only; any other, such as the loopback
address, reaches every vendor by its own paths. Never looks at a credential.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import quote, unquote

from mock_server.provider import Provider
from mock_server.vendor import Vendor
from oneroster_standard.dialects import Dialect, ServiceRoot

MOVED = "address.base-path-moved"
SHORT = "address.tail-not-ims"
OTHER_PREFIX = "/api"


@dataclass(frozen=True, slots=True)
class Mount:
    """A service root: a pattern for the part of the path before the operation, and what is served under it.

    needs, unless: quirks that decide whether it is there.
    """

    pattern: re.Pattern[str]
    provider: Provider
    root: ServiceRoot
    needs: str = ""
    unless: tuple[str, ...] = ()

    def is_open_to(self, host: str) -> bool:
        """Whether the root is served under a host name, with the quirks that are on."""
        on = self.provider.vendor.quirk_ids
        if self.needs and self.needs not in on or any(name in on for name in self.unless):
            return False
        if host_belongs_to(self.provider.dialect, host):
            return not self.root.hosts or fits(host, self.root.hosts)
        return not self.root.needs_host


def fits(host: str, patterns: Collection[str]) -> bool:
    """Whether a host name is one of some patterns such as *.oneroster.com."""
    return any(fnmatchcase(host, pattern) for pattern in patterns)


def host_belongs_to(dialect: Dialect, host: str) -> bool:
    """Whether a host name is a vendor's."""
    return fits(host, [found.value for found in dialect.hosts])


def host_of(header: str) -> str:
    """The name in a Host header, without its port, in lower case."""
    return header.rpartition("]")[0] + header.rpartition("]")[2].partition(":")[0].lower()


def _pattern(root: str, vendor: Vendor) -> re.Pattern[str]:
    # The application id of a proxy's path is escaped already; a WSGI server hands over its decoded form.
    names = {"{app}": vendor.credentials.app, "{application}": quote(unquote(vendor.credentials.application))}
    text = re.escape(root)
    for name, value in names.items():
        text = text.replace(re.escape(name), re.escape(value))
    return re.compile(text + "(?=/|$)")


def _variants(vendor: Vendor, root: ServiceRoot) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Paths of a root with the quirk that each needs and those that take it away."""
    if root != vendor.dialect.roots[0] or root.spec != "1.1":
        yield root.value, "", ()
        return
    shortened = root.value.replace("/ims/", "/")
    yield root.value, "", (MOVED,) if shortened == root.value else (MOVED, SHORT)
    if shortened != root.value:
        yield shortened, SHORT, ()
    if len(vendor.dialect.paths("1.1")) == 1:
        yield OTHER_PREFIX + root.value, MOVED, ()


def mounts_of(vendors: Mapping[str, Vendor]) -> list[Mount]:
    """Every service root, the longest first, so that none hides another."""
    found: list[tuple[int, Mount]] = []
    for vendor in vendors.values():
        for root in vendor.dialect.roots:
            for path, needs, unless in _variants(vendor, root):
                mount = Mount(_pattern(path, vendor), vendor.provider(root.spec), root, needs, unless)
                found.append((len(path), mount))
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [mount for _, mount in found]


def owner_of(vendors: Iterable[Vendor], host: str, path: str) -> Vendor | None:
    """The vendor whose web server a request reaches that no service root answers."""
    for vendor in vendors:
        if host_belongs_to(vendor.dialect, host):
            return vendor
    for vendor in vendors:
        if any(path == prefix or path.startswith(f"{prefix}/") for prefix in vendor.dialect.web_server.prefixes):
            return vendor
    return None
