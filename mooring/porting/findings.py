"""What does not carry over by itself? Notes about code, packages, environment, hosts and files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mooring.porting.ocp_app import OcpApp
from mooring.porting.packages import Counterpart
from mooring.porting.report import Note, Topic
from mooring.porting.stubs import Draft, without_counterpart

# Base classes of OCP's SDK, and of those that build on it.
SDK_BASES = frozenset(
    {"Function", "GlobalFunction", "Job", "Lifecycle", "Channel", "LiquidExtension", "Destination"}
    | {"DestinationSchemaFunction", "SourceFunction", "SourceJob", "SourceLifecycle"}
    | {"SourceSchemaFunction"}
)
OPAL_BASES = frozenset({"ToolFunction", "GlobalToolFunction"})
OPAL = "it extends the Opal SDK's class: perform has to answer /discovery, /ready and the tools."


def findings(
    app: OcpApp, drafts: Sequence[Draft], packages: Sequence[Counterpart]
) -> Iterator[Note]:
    """Walk everything that somebody has to look at."""
    for draft in drafts:
        yield from _about_class(draft)
    for package in packages:
        users = [source.file for source in app.sources if _uses(source.imports, package.package)]
        yield Note(Topic.PACKAGES, package.package, package.advice, ", ".join(users[:3]))
    yield from _about_environment(app)
    yield from _about_hosts(app)
    yield from _about_files(app, drafts)


def _about_class(draft: Draft) -> Iterator[Note]:
    name, origin = draft.entry_point.name, draft.origin
    if origin is None:
        yield Note(Topic.CODE, name, "its TypeScript was not found; the stub has what is required.")
        return
    where = f"{origin.file.file}:{origin.declared.line}"
    if origin.sdk_base in OPAL_BASES:
        yield Note(Topic.CODE, name, OPAL, where)
    elif origin.sdk_base in SDK_BASES and origin.sdk_base != draft.entry_point.base:
        said = f"it extends {origin.sdk_base}, and app.yml asks for {draft.entry_point.base}."
        yield Note(Topic.CODE, name, said, where)
    elif origin.sdk_base not in SDK_BASES:
        base = origin.sdk_base or "nothing"
        said = f"it extends {base}, which this app does not define; the stub extends "
        yield Note(Topic.CODE, name, f"{said}{draft.entry_point.base}.", where)
    if left := without_counterpart(draft):
        yield Note(Topic.CODE, name, f"these have no counterpart: {', '.join(left)}.", where)


def _uses(imports: Sequence[str], package: str) -> bool:
    return any(name == package or name.startswith(f"{package}/") for name in imports)


def _about_environment(app: OcpApp) -> Iterator[Note]:
    declared = [name for name in app.manifest.items(("environment",)) if isinstance(name, str)]
    used = {name: source.file for source in reversed(app.sources) for name in source.variables}
    for name, file in sorted(used.items()):
        if not name.startswith("APP_ENV_"):
            said = "an app sees APP_ENV_* alone; declare a variable of that name, or do without."
            yield Note(Topic.ENVIRONMENT, name, said, file)
        elif name not in declared:
            said = "the code reads it, and app.yml does not declare it under environment."
            yield Note(Topic.ENVIRONMENT, name, said, file)
    for name in declared:
        holders = [file for file, names in app.env_files.items() if name in names]
        place = f"its value is in {' and '.join(holders)}" if holders else "no .env file sets it"
        said = f"read it with mooring.sdk.environment; {place}."
        yield Note(Topic.ENVIRONMENT, name, said, used.get(name, ""))
    for file in app.env_files:
        yield Note(
            Topic.FILES, file, "it was not copied, as it may hold secrets; copy it yourself."
        )


def _about_hosts(app: OcpApp) -> Iterator[Note]:
    allowed = [one for one in app.manifest.items(("outbound_domains",)) if isinstance(one, str)]
    found = {host: source.file for source in reversed(app.sources) for host in source.hosts}
    for host, file in sorted(found.items()):
        if not any(_covers(pattern, host) for pattern in allowed):
            said = "add it to outbound_domains if the app calls it; other hosts are refused."
            yield Note(Topic.DOMAINS, host, said, file)


def _covers(pattern: str, host: str) -> bool:
    """Whether an entry of outbound_domains lets this host pass, as far as names tell."""
    named = pattern.lower().partition("://")[2] or pattern.lower()
    named = named.partition("/")[0].partition(":")[0]
    if named.startswith("*."):
        return host == named or host.endswith(named[1:])
    return host == named


def _about_files(app: OcpApp, drafts: Sequence[Draft]) -> Iterator[Note]:
    ported = {draft.origin.file.file for draft in drafts if draft.origin}
    for source in app.sources:
        if source.file not in ported:
            said = "no entry point is in it; port what the others need of it."
            yield Note(Topic.FILES, source.file, said)
    if app.tests:
        number = len(app.tests)
        said = f"{number} test file{'s say' if number > 1 else ' says'} what the OCP app does."
        yield Note(Topic.FILES, "tests", said, ", ".join(app.tests[:5]))
