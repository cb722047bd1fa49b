"""The way to a host: name, port, TLS. Sends nothing but a greeting, and no credential.

Called before any request.
"""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from conformance.diagnosis.result import Diagnosis
from conformance.transport import is_private_enough

TIMEOUT_S = 10.0


def look_at_the_way(found: Diagnosis, url: str, what: str = "") -> None:
    """Look up the host, connect, and shake hands; raises Found at the first failure. what: which address, for its steps' names."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    name = f"network{what}"
    if not is_private_enough(url):
        found.stop(name, "network.plain-http", f"http to {host}")
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        found.stop(name, "network.dns", host)
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as plain:
            if parts.scheme == "https":
                _shake_hands(found, name, plain, host, port)
    except TimeoutError:
        found.stop(name, "network.timeout", f"{host}:{port}")
    except OSError:
        found.stop(name, "network.port", f"{host}:{port}")
    if parts.scheme == "http" and _speaks_tls(host, port):
        found.stop(name, "network.http-on-https", f"{host}:{port} begins a TLS handshake")
    found.passed(name, f"{host}:{port}" + (" by TLS" if parts.scheme == "https" else ", plain http to this machine"))


def _shake_hands(found: Diagnosis, name: str, plain: socket.socket, host: str, port: int) -> None:
    try:
        with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
            return
    except ssl.SSLCertVerificationError as error:
        found.stop(name, "network.tls", f"{host}:{port}: {error.verify_message}")
    except ssl.SSLError as error:
        cause = "network.https-on-http" if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL") else "network.tls"
        found.stop(name, cause, f"{host}:{port}: {error.reason or 'the handshake fails'}")
    except ConnectionError:
        found.stop(name, "network.tls", f"{host}:{port}: the handshake is broken off")


def _speaks_tls(host: str, port: int) -> bool:
    """Whether a port answers a TLS greeting, whatever its certificate is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False
