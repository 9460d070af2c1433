"""Does the app call what it says it calls, and can it be told to call something else?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code, in_file
from mooring.reading.app_code import CodeFile

WHOLE = re.compile(r"https?://[^\s<>{}]+")
BEGINNING = re.compile(r"https?://[^\s<>{}/]+/")
VARIABLE = re.compile(r"APP_ENV_[A-Z0-9_]+", re.ASCII)
ENVIRONMENT = "mooring.sdk.environment"


def _undeclared_hosts(app: Studied) -> Iterator[Finding]:
    declared = [str(each) for each in app.manifest.items(("outbound_domains",))]
    for code in app.code.files:
        for node, url in _addresses(code):
            host = _host(url)
            if host and not any(_covers(pattern, host) for pattern in declared):
                yield in_code(code, node, f"`{host}` is not among outbound_domains.")


def _wide_domains(app: Studied) -> Iterator[Finding]:
    for index, pattern in enumerate(app.manifest.items(("outbound_domains",))):
        host = _host(_with_scheme(str(pattern)))
        if host.startswith("*.") and host.count(".") < 2:
            place = app.manifest.position(("outbound_domains", index))
            yield in_file(app.manifest.file, f"`{pattern}` allows nearly every host.", place)


def _plain_http(app: Studied) -> Iterator[Finding]:
    for index, pattern in enumerate(app.manifest.items(("outbound_domains",))):
        if str(pattern).lower().startswith("http://"):
            place = app.manifest.position(("outbound_domains", index))
            yield in_file(app.manifest.file, f"`{pattern}` is reached without encryption.", place)
    for code in app.code.files:
        for node, url in _addresses(code):
            if url.startswith("http://"):
                yield in_code(code, node, f"`{_host(url)}` is reached without encryption.")


def _undeclared_variables(app: Studied) -> Iterator[Finding]:
    declared = set(map(str, app.manifest.items(("environment",))))
    for code in app.code.files:
        for text in code.every(ast.Constant):
            name = text.value
            if isinstance(name, str) and VARIABLE.fullmatch(name) and name not in declared:
                yield in_code(code, text, f"`{name}` is not listed in `environment` of app.yml.")


def _fixed_addresses(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        if not any(origin.startswith(ENVIRONMENT) for origin in code.names.values()):
            for node, url in _addresses(code):
                yield in_code(code, node, f"`{_host(url)}` can only be changed in the code.")


def _addresses(code: CodeFile) -> Iterator[tuple[ast.expr, str]]:
    """Walk the texts that are addresses; of computed ones, those with a complete host."""
    parts = {id(part) for joined in code.every(ast.JoinedStr) for part in joined.values}
    for text in code.every(ast.Constant):
        if isinstance(text.value, str) and id(text) not in parts and WHOLE.fullmatch(text.value):
            yield text, text.value
    for joined in code.every(ast.JoinedStr):
        first = joined.values[0] if joined.values else None
        if isinstance(first, ast.Constant) and (found := BEGINNING.match(str(first.value))):
            yield joined, found[0]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _with_scheme(pattern: str) -> str:
    return pattern if "://" in pattern else f"https://{pattern}"


def _covers(pattern: str, host: str) -> bool:
    allowed = _host(_with_scheme(pattern))
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


RULES = (
    QualityRule(
        id="declared-domains",
        level=Level.BRONZE,
        summary="Every host that the code names is among `outbound_domains`.",
        reason="The host refuses calls to any other; here it is said before a customer sees it.",
        looks_at="Texts below `src` that are addresses, and the beginnings of computed ones.",
        remedy="Add the host to outbound_domains in app.yml, or take the address out.",
        check=_undeclared_hosts,
    ),
    QualityRule(
        id="narrow-domains",
        level=Level.BRONZE,
        summary="A wildcard in `outbound_domains` stays within one organisation.",
        reason="A list that allows *.com allows data to go anywhere.",
        looks_at="Wildcards with a single label behind them.",
        remedy="Name the hosts, as in *.example.com.",
        check=_wide_domains,
    ),
    QualityRule(
        id="encrypted-connections",
        level=Level.BRONZE,
        summary="Other services are reached over https.",
        reason="Credentials and customer data would travel readably.",
        looks_at="Addresses that begin with http:// below `src` and in `outbound_domains`.",
        remedy="Write https://; for a service on this machine, let APP_ENV_ name the address.",
        check=_plain_http,
    ),
    QualityRule(
        id="declared-environment",
        level=Level.BRONZE,
        summary="Every variable that the code reads is listed in `environment`.",
        reason="The list is what tells an operator which values the app needs.",
        looks_at="Texts below `src` with the form of a name, APP_ENV_…; computed names are not "
        "seen.",
        remedy="Add the name to environment in app.yml.",
        check=_undeclared_variables,
    ),
    QualityRule(
        id="configurable-addresses",
        level=Level.GOLD,
        summary="The addresses of services can be changed without changing code.",
        reason="Tests, sandboxes and proxies need the app to speak to another address.",
        looks_at="Addresses in modules that do not import `environment` of the SDK.",
        remedy='Read it with a default: environment.get("APP_ENV_SHOP_URL", "https://…")',
        check=_fixed_addresses,
    ),
)
