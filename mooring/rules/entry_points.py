"""Is the class behind every entry point there, and is it of the right kind?

The code is parsed, never imported. A problem of the manifest is shown there, one of the class at
the class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.errors import EntryPointInvalid
from mooring.model.entry_point import module_file, resolve_entry_point
from mooring.model.known_names import listed, nearest
from mooring.model.problem import START, Position, Problem, Rule
from mooring.reading.python_sources import PythonModule
from mooring.reading.yaml_composer import KeyPath
from mooring.rules.inspected import Inspected


@dataclass(frozen=True, slots=True)
class Kind:
    """What the class of one kind of entry point has to be; ``name`` as in resolve_entry_point."""

    name: str
    base: str
    methods: tuple[str, ...]
    loads: Rule
    has_class: Rule
    extends: Rule
    has_methods: Rule


FUNCTION_FILE = Rule("FUN-1", "The file of a function exists and can be parsed.")
FUNCTION_CLASS = Rule("FUN-2", "The class of a function is in its file.")
FUNCTION_PERFORM = Rule("FUN-5", "A function has perform.")
FUNCTION = Kind(
    "function",
    "Function",
    ("perform",),
    FUNCTION_FILE,
    FUNCTION_CLASS,
    Rule("FUN-3", "A function extends Function."),
    FUNCTION_PERFORM,
)
GLOBAL_FUNCTION = Kind(
    "function",
    "GlobalFunction",
    ("perform",),
    FUNCTION_FILE,
    FUNCTION_CLASS,
    Rule("FUN-4", "A global function extends GlobalFunction."),
    FUNCTION_PERFORM,
)


def _kind(name: str, base: str, methods: tuple[str, ...], what: str, *ids: str) -> Kind:
    """Make a kind with the ids that OCP's rules have: loading, base, methods; the last repeats."""
    loads, extends, has_methods = (*ids, *ids[-1:] * 2)[:3]
    needs = {loads: ["is in its file"]}
    needs.setdefault(extends, []).append(f"extends {base}")
    needs.setdefault(has_methods, []).append(f"has {' and '.join(methods)}")
    rules = {
        id_: Rule(id_, f"The class of {what} {', '.join(parts)}.") for id_, parts in needs.items()
    }
    found = rules[loads]
    return Kind(name, base, methods, found, found, rules[extends], rules[has_methods])


JOB = _kind("job", "Job", ("prepare", "perform"), "a job", "JOB-1", "JOB-2", "JOB-3")
LIFECYCLE = _kind(
    "lifecycle",
    "Lifecycle",
    ("on_install", "on_settings_form"),
    "the lifecycle",
    *("LIF-1", "LIF-2", "LIF-3"),
)
CHANNEL = _kind(
    "channel",
    "Channel",
    ("ready", "validate", "publish", "deliver", "preview"),
    "the channel",
    *("CHN-3", "CHN-4", "CHN-5"),
)
LIQUID_EXTENSION = _kind(
    "liquid_extension",
    "LiquidExtension",
    ("perform",),
    "a liquid extension",
    *("LIQ-1", "LIQ-2", "LIQ-3"),
)
DESTINATION = _kind(
    "destination",
    "Destination",
    ("ready", "deliver"),
    "a destination",
    *("DST-1", "DST-2", "DST-3"),
)
DESTINATION_SCHEMA = _kind(
    "destination",
    "DestinationSchemaFunction",
    ("get_destinations_schema",),
    "a destination's schema",
    *("DST-8", "DST-9", "DST-10"),
)
SOURCE_SCHEMA = _kind(
    "source", "SourceSchemaFunction", ("get_sources_schema",), "a source's schema", "SRC-3"
)
SOURCE_FUNCTION = _kind("source", "SourceFunction", ("perform",), "a source's function", "SRC-1")
SOURCE_LIFECYCLE = _kind(
    "source",
    "SourceLifecycle",
    tuple(f"on_source_{verb}" for verb in ("create", "update", "delete", "enable", "pause")),
    "a source's lifecycle",
    *("SRC-4", "SRC-4", "SRC-5"),
)
SOURCE_JOB = _kind("source_job", "SourceJob", ("prepare", "perform"), "a source's job", "SRC-6")
KINDS = (
    *(FUNCTION, GLOBAL_FUNCTION, JOB, LIFECYCLE, CHANNEL, LIQUID_EXTENSION, DESTINATION),
    *(DESTINATION_SCHEMA, SOURCE_SCHEMA, SOURCE_FUNCTION, SOURCE_LIFECYCLE, SOURCE_JOB),
)
PARSED = Rule("PYT-1", "Every Python file below src can be parsed.")
RULES = (
    PARSED,
    *dict.fromkeys(
        rule
        for kind in KINDS
        for rule in (kind.loads, kind.has_class, kind.extends, kind.has_methods)
    ),
)


def check(app: Inspected) -> Iterator[Problem]:
    """Look for the class of every entry point, and for everything else that cannot be parsed."""
    if app.is_for_node:
        return
    named: set[str] = set()
    for path, kind, entry_point in _entry_points(app):
        try:
            module, name = resolve_entry_point(kind.name, entry_point)
        except EntryPointInvalid as error:
            yield app.fault(kind.loads, path, error.message, hint=error.hint)
            continue
        named.add(module)
        yield from _class_of(app, path, kind, module, name)
    for module in app.sources.names():
        read = app.sources.module(module)
        if read is not None and read.error and module not in named:
            yield _not_parsed(PARSED, read)


def _entry_points(app: Inspected) -> Iterator[tuple[KeyPath, Kind, str]]:
    """Walk what the manifest names, and what every app or channel has without naming it."""
    for path, kind in _named(app):
        if entry_point := app.manifest.text(path):
            yield path, kind, entry_point
    yield (), LIFECYCLE, "Lifecycle"
    if app.is_channel and isinstance(app.manifest.get(("channel",)), dict):
        yield ("channel",), CHANNEL, "Channel"


def _named(app: Inspected) -> Iterator[tuple[KeyPath, Kind]]:
    for _, path in app.entries("functions"):
        is_global = app.manifest.mapping(path).get("global", False)
        if isinstance(is_global, bool):  # else it is not known what to ask of the class
            yield (*path, "entry_point"), GLOBAL_FUNCTION if is_global else FUNCTION
    for section, kind in (("jobs", JOB), ("liquid_extensions", LIQUID_EXTENSION)):
        for _, path in app.entries(section):
            yield (*path, "entry_point"), kind
    for _, path in app.entries("destinations"):
        yield (*path, "entry_point"), DESTINATION
        yield (*path, "schema", "entry_point"), DESTINATION_SCHEMA
    for name, path in app.entries("sources"):
        yield (*path, "schema", "entry_point"), SOURCE_SCHEMA
        yield (*path, "function", "entry_point"), SOURCE_FUNCTION
        yield (*path, "lifecycle", "entry_point"), SOURCE_LIFECYCLE
        for _, job in app.entries("sources", name, "jobs"):
            yield (*job, "entry_point"), SOURCE_JOB


def _class_of(
    app: Inspected, path: KeyPath, kind: Kind, module: str, name: str
) -> Iterator[Problem]:
    file = module_file(module)
    read = app.sources.module(module)
    # The host takes the file alone, not a package of the same name.
    if read is None or read.file != file:
        beside = listed(app.sources.beside(module))
        yield app.fault(
            kind.loads,
            path,
            f"{file} does not exist; class {name} is expected in it.",
            hint=f"{nearest(file.rpartition('/')[2], app.sources.beside(module))}"
            f"Python files in {file.rpartition('/')[0]}: {beside}.",
        )
    elif read.error:
        yield _not_parsed(kind.loads, read)
    elif not read.defines(name):
        found = listed(read.classes)
        place = app.manifest.position(path) if path else START
        yield kind.has_class.at(
            app.manifest.file if path else file,
            place,
            f"{file} has no class {name}.",
            hint=f"{nearest(name, read.classes)}Classes found there: {found}.",
        )
    else:
        yield from _nature(app, kind, module, name, read)


def _not_parsed(rule: Rule, read: PythonModule) -> Problem:
    said = f"{read.file} cannot be parsed: {read.error}."
    return rule.at(read.file, read.position, said, hint="Correct the Python syntax there.")


def _nature(
    app: Inspected, kind: Kind, module: str, name: str, read: PythonModule
) -> Iterator[Problem]:
    """Compare a class with what its kind must extend and have."""
    place = read.classes[name].position if name in read.classes else START
    ancestry = app.sources.ancestry(module, name)
    misplaced = ancestry.sdk_bases - {kind.base}
    if kind.base not in ancestry.sdk_bases and (ancestry.known or misplaced):
        bases = read.classes[name].bases if name in read.classes else ()
        found = sorted(misplaced) or [base for base in bases if base]
        yield _wrong_base(kind, read.file, place, name, found)
    missing = [method for method in kind.methods if method not in ancestry.methods]
    if ancestry.known and missing:
        yield kind.has_methods.at(
            read.file,
            place,
            f"Class {name} has no {' and no '.join(missing)}.",
            hint=f"{nearest(missing[0], sorted(ancestry.methods - {*kind.methods}))}"
            f"{kind.base} needs {', '.join(kind.methods)}. "
            f"Methods found: {listed(sorted(ancestry.methods))}.",
        )


def _wrong_base(kind: Kind, file: str, place: Position, name: str, found: list[str]) -> Problem:
    said = f"Class {name} does not extend {kind.base}"
    if {kind.base, *found} == {"Function", "GlobalFunction"}:
        fix = "Remove global: true" if kind is GLOBAL_FUNCTION else "Add global: true"
        hint = f"{fix} in app.yml, or extend {kind.base} of mooring.sdk."
    else:
        hint = f"Write: from mooring.sdk import {kind.base}, and class {name}({kind.base})."
    other = f", but {listed(found)}" if found else ""
    return kind.extends.at(file, place, f"{said}{other}.", hint=hint)
