"""Is each of ``outbound_domains`` a host that an app can call?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from mooring.model.problem import Problem, Rule, shown
from mooring.rules.inspected import Inspected

MALFORMED = Rule("OBD-1", "An outbound domain can be read as a host.")
PROTOCOL = Rule("OBD-2", "The protocol of an outbound domain is http or https.")
WILDCARD = Rule("OBD-3", "A wildcard is the first label of an outbound domain.")
HOST_NAME = Rule("OBD-4", "An outbound domain is a host name; `*` alone is none.")
NO_PATH = Rule("OBD-5", "An outbound domain has no path.")
NO_QUERY = Rule("OBD-6", "An outbound domain has no query.")
RULES = (MALFORMED, PROTOCOL, WILDCARD, HOST_NAME, NO_PATH, NO_QUERY)

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)
HOST = re.compile(r"(\*\.)?[a-z0-9][a-z0-9_.-]+", re.ASCII)
FORM = "Write the host alone, as in api.example.com or *.example.com."


def check(app: Inspected) -> Iterator[Problem]:
    """Take each domain apart as an address."""
    for index, domain in enumerate(app.manifest.items(("outbound_domains",))):
        if not isinstance(domain, str):
            continue
        for rule, said in _faults(domain):
            message = f"The outbound domain {shown(domain)} {said}."
            yield app.fault(rule, ("outbound_domains", index), message, hint=FORM)


def _faults(domain: str) -> Iterator[tuple[Rule, str]]:
    parts = _split(domain)
    if parts is None:
        yield MALFORMED, "cannot be read as a host"
        return
    if parts.scheme not in ("http", "https"):
        yield PROTOCOL, f"has the protocol {parts.scheme}; http and https are possible"
    host = parts.hostname or ""
    if "*" in host[1:]:
        yield WILDCARD, "has a wildcard after the first label"
    elif not HOST.fullmatch(_ascii(host)):
        yield HOST_NAME, "is not the name of a host"
    if parts.path not in ("", "/"):
        yield NO_PATH, "has a path"
    if parts.query:
        yield NO_QUERY, "has a query"


def _split(domain: str) -> SplitResult | None:
    if not domain or re.search(r"[\s\x00-\x1f]", domain):
        return None
    try:
        parts = urlsplit(domain if SCHEME.match(domain) else f"https://{domain}")
        usable = bool(parts.netloc) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return None
    return parts if usable else None


def _ascii(host: str) -> str:
    """Write an internationalised name as the network does; empty when that is impossible."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
