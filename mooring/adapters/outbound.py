"""Which addresses may an app call? Decided from values alone, by whoever has parsed the URL.

Patterns are those of OCP's ``outbound_domains``: a host, or ``*.`` and a host for everything below
it (the host itself not included), with a port unless it is 443. Only https passes. What an
``APP_ENV_*_URL`` value names on this machine passes too, so that an app can be pointed at local
servers without a word in its manifest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from mooring.errors import OutboundDenied

DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host (lower case, punycode, no brackets) and port: where a request goes."""

    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """The host, with its port unless that is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if DEFAULT_PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether this is the machine itself."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"


@dataclass(frozen=True, slots=True)
class OutboundDomains:
    """What the manifest of one app, and the environment given to it, let it call."""

    app_id: str
    domains: tuple[str, ...]
    loopback_origins: frozenset[str]

    def check(self, origin: Origin) -> None:
        """Raise OutboundDenied, naming host and remedy, unless the app may call this origin."""
        if str(origin) in self.loopback_origins:
            return
        listed = any(_covers(pattern, origin) for pattern in self.domains)
        if listed and origin.scheme == "https":
            return
        reason = "only https is allowed" if listed else "its manifest does not list that host"
        raise OutboundDenied(
            f"The app {self.app_id} may not call {origin}: {reason}.",
            hint=_remedy(origin, listed=listed),
        )


def loopback_origins(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the origins on this machine that ``APP_ENV_*_URL`` values name."""
    return frozenset(_loopback(v for n, v in environment.items() if n.endswith("_URL")))


def _loopback(addresses: Iterable[str]) -> Iterable[str]:
    for address in addresses:
        try:
            parts = urlsplit(address.strip())
            default = DEFAULT_PORTS[parts.scheme]
            origin = Origin(parts.scheme, parts.hostname or "", parts.port or default)
        except (ValueError, KeyError):
            # Not an http address: an app may name its variables as it likes.
            continue
        if origin.is_loopback:
            yield str(origin)


def _covers(pattern: str, origin: Origin) -> bool:
    """Compare with one pattern; one that means nothing (``validate`` reports it) covers nothing."""
    address = pattern if "://" in pattern else f"https://{pattern}"
    try:
        parts = urlsplit(address)
        port = parts.port or DEFAULT_PORTS["https"]
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:
        return False
    bare_http = origin == Origin("http", origin.host, DEFAULT_PORTS["http"])
    if port != origin.port and not (bare_http and parts.port is None):
        return False
    if host.startswith("*."):
        return origin.host.endswith(host[1:]) and len(origin.host) > len(host) - 1
    return bool(host) and origin.host == host


def _remedy(origin: Origin, *, listed: bool) -> str:
    if origin.is_loopback:
        return f"An address on this machine passes if an APP_ENV_*_URL value names it: {origin}."
    if listed:
        return f"Call https://{origin.host}."
    return f"Add {origin.place} to outbound_domains in app.yml."
