"""Does each schema file declare an object that the data platform can take?

An object whose name begins with the app's id is the app's own; any other extends an object that the
platform brings along, and then everything added carries the app's names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.schema_reader import FIELD_TYPES
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import Inspected, fault, mappings, repeated

FILE_NAME = Rule("SCH-2", "A schema file is named as its object.")
KNOWN_OBJECT = Rule(
    "SCH-3", "An object is the app's own or one that the platform has.", Severity.WARNING
)
OWN_DISPLAY_NAME = Rule("SCH-5", "An object of the app's own has a display name.")
OWN_DISPLAY_PREFIX = Rule("SCH-6", "The display name of an own object begins with the app's.")
OWN_ALIAS = Rule("SCH-7", "The alias of an own object begins with the app's id.")
NOT_RENAMED = Rule("SCH-8", "A standard object gets neither display name nor alias.")
FIELD_PREFIX = Rule("SCH-10", "A field added to a standard object begins with the app's id.")
FIELD_DISPLAY_PREFIX = Rule(
    "SCH-11", "The display name of a field added to a standard object begins with the app's."
)
NO_PRIMARY = Rule("SCH-12", "A standard object gets no primary key.")
PRIMARY_TYPE = Rule("SCH-13", "A primary key is a string.")
HAS_PRIMARY = Rule("SCH-14", "An object of the app's own has a primary key.")
NAME_ONCE = Rule(
    "SCH-23",
    "A name occurs once among an object's fields, relations or identifiers.",
    Severity.WARNING,
)
ONE_PRIMARY = Rule("SCH-26", "An object has one primary key.", Severity.WARNING)
RULES = (
    *(FILE_NAME, KNOWN_OBJECT, OWN_DISPLAY_NAME, OWN_DISPLAY_PREFIX, OWN_ALIAS, NOT_RENAMED),
    *(FIELD_PREFIX, FIELD_DISPLAY_PREFIX, NO_PRIMARY, PRIMARY_TYPE, HAS_PRIMARY, NAME_ONCE),
    ONE_PRIMARY,
)

NOT_IN_NAMES = re.compile(r"[^a-z0-9_]+")
LONGEST_NAME = 62

ONCE_IN = {"fields": "field", "relations": "relation", "identifiers": "identifier"}
STANDARD = ("customers", "events", "orders", "products", "categories", "lists")


def check(app: Inspected) -> Iterator[Problem]:
    """Look at every schema file."""
    for document in app.files.schema:
        name, stem = document.text(("name",)), PurePosixPath(document.file).stem
        if not document.usable or name is None:
            continue
        for key, what in ONCE_IN.items():
            yield from repeated(document, NAME_ONCE, what, (key,))
        if stem != name:
            said = f"The file is named {shown(stem)}, its object {shown(name)}."
            yield fault(document, FILE_NAME, ("name",), said, hint="Let the two be equal.")
        elif app.app_id and app.display_name:
            own = name.startswith(f"{app.app_id}_")
            yield from (_own if own else _standard)(app, document, name)


def objects(app: Inspected) -> dict[str, YamlDocument]:
    """Return the schema files whose object is certain, by its name."""
    named = ((document, document.text(("name",))) for document in app.files.schema)
    return {
        name: document
        for document, name in named
        if document.usable and name and PurePosixPath(document.file).stem == name
    }


def _own(app: Inspected, document: YamlDocument, name: str) -> Iterator[Problem]:
    yield from _own_display_name(app, document, name)
    alias = document.text(("alias",))
    if alias is not None and not alias.startswith(f"{app.app_id}_"):
        said = f"The alias {shown(alias)} does not begin with {shown(app.app_id + '_')}."
        yield fault(document, OWN_ALIAS, ("alias",), said, hint=_own_name(app.app_id, alias))
    yield from _primary_key(document, name)


def _own_display_name(app: Inspected, document: YamlDocument, name: str) -> Iterator[Problem]:
    prefix, display_name = f"{app.display_name} ", document.mapping(()).get("display_name", "")
    if not isinstance(display_name, str):
        return
    if not display_name.strip():
        yield fault(
            document,
            OWN_DISPLAY_NAME,
            ("display_name",) if "display_name" in document.mapping(()) else ("name",),
            f"{shown(name)} has no display name.",
            hint=f"Add one that begins with the app's: {prefix}…",
        )
    elif not display_name.startswith(prefix):
        said = f"The display name {shown(display_name)} does not begin with {shown(prefix)}."
        hint = f"Write: {prefix}{display_name}"
        yield fault(document, OWN_DISPLAY_PREFIX, ("display_name",), said, hint=hint)


def _primary_key(document: YamlDocument, name: str) -> Iterator[Problem]:
    primary = [(f, at) for f, at in mappings(document, "fields") if f.get("primary") is True]
    for field, path in primary:
        type_ = field.get("type")
        if isinstance(type_, str) and type_ in FIELD_TYPES - {"string"}:
            said = f"The primary key {shown(field.get('name'))} is a {type_}."
            hint = "A primary key is a string."
            yield fault(document, PRIMARY_TYPE, (*path, "type"), said, hint=hint)
    for _, path in primary[1:]:
        line = document.position((*primary[0][1], "primary")).line
        said = f"{shown(name)} has its primary key in line {line} already."
        hint = "Leave primary out of one of them."
        yield fault(document, ONE_PRIMARY, (*path, "primary"), said, hint=hint)
    if not primary and isinstance(document.mapping(()).get("fields", []), list):
        place: KeyPath = ("fields",) if "fields" in document.mapping(()) else ("name",)
        yield HAS_PRIMARY.at(
            document.file,
            document.key_position(place),
            f"{shown(name)} has no primary key.",
            hint="Give one field primary: true.",
        )


def _standard(app: Inspected, document: YamlDocument, name: str) -> Iterator[Problem]:
    if name not in STANDARD:
        yield fault(
            document,
            KNOWN_OBJECT,
            ("name",),
            f"{shown(name)} is neither an object of the app's own nor a known one of the platform.",
            hint=f"An own object is named {app.app_id}_…; known are {', '.join(STANDARD)}.",
        )
    for key in ("display_name", "alias"):
        if document.text((key,)):
            said = f"{shown(name)} is a standard object; it cannot be given a new {key}."
            yield fault(document, NOT_RENAMED, (key,), said, hint=f"Remove {key}.")
    for field, path in mappings(document, "fields"):
        yield from prefixed(app, document, field, path, (FIELD_PREFIX, FIELD_DISPLAY_PREFIX))
        if field.get("primary") is True:
            said = f"{shown(name)} is a standard object and has its primary key already."
            yield fault(document, NO_PRIMARY, (*path, "primary"), said, hint="Remove primary.")


def prefixed(
    app: Inspected,
    document: YamlDocument,
    item: dict[str, Any],
    path: KeyPath,
    rules: tuple[Rule, Rule],
) -> Iterator[Problem]:
    """Find a name and a display name that do not begin as the app's do."""
    prefixes = (("name", f"{app.app_id}_"), ("display_name", f"{app.display_name} "))
    for rule, (key, prefix) in zip(rules, prefixes, strict=True):
        value = item.get(key)
        if isinstance(value, str) and value.strip() and not value.startswith(prefix):
            said = f"The {key} {shown(value)} does not begin with {shown(prefix)}."
            is_name = key == "name"
            hint = _own_name(app.app_id, value) if is_name else f"Write: {prefix}{value}"
            yield fault(document, rule, (*path, key), said, hint=hint)


def _own_name(app_id: str, value: str) -> str:
    """Say how the app's own name for it is spelled: a valid one, and not too long."""
    own = NOT_IN_NAMES.sub("_", value.lower()).strip("_")
    if own and len(app_id) + 1 + len(own) <= LONGEST_NAME:
        return f"Write: {app_id}_{own}"
    room = LONGEST_NAME - len(app_id) - 1
    return f"Write: {app_id}_… with at most {room} characters behind it."
