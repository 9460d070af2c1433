"""Do the schema files of sources and destinations say what a record is?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from mooring.model.known_names import listed, nearest
from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import Inspected, fault, mappings, repeated

FILE_NAME = Rule("DSC-2", "A data sync's schema file is named as its object.")
HAS_PRIMARY = Rule("DSC-5", "The fields of a data sync's schema have a primary key.")
KNOWN_TYPE = Rule("DSC-9", "A type is boolean, float, int, long, string or a custom type.")
KNOWN_ITEMS = Rule("DSC-10", "A list is of boolean, float, int, long, string or a custom type.")
ONE_PRIMARY = Rule(
    "DSC-11", "The fields of a data sync's schema have one primary key.", Severity.WARNING
)
PRIMARY_TYPE = Rule("DSC-12", "A data sync's primary key is a string or number.", Severity.WARNING)
ONCE = Rule("DSC-13", "A name occurs once among fields and custom types.", Severity.WARNING)
USED = Rule("DSC-14", "A custom type is the type of a field.", Severity.WARNING)
RULES = (
    *(FILE_NAME, HAS_PRIMARY, KNOWN_TYPE, KNOWN_ITEMS),
    *(ONE_PRIMARY, PRIMARY_TYPE, ONCE, USED),
)

PRIMITIVE = ("boolean", "float", "int", "long", "string")
# Written by people who know other schema languages; OCP's own comments name the first two.
OTHERWISE = {"integer": "int", "decimal": "float", "number": "float", "bool": "boolean"}
KEYS = frozenset({"string", "int", "long"})
TYPE = re.compile(r"(?P<list>\[)?(?P<name>\w+)(?(list)\])", re.ASCII)


def check(app: Inspected) -> Iterator[Problem]:
    """Look at every schema file of a data sync."""
    for document in app.files.data_sync:
        if not document.usable:
            continue
        name, stem = document.text(("name",)), PurePosixPath(document.file).stem
        if name is not None and stem != name:
            said = f"The file is named {shown(stem)}, its object {shown(name)}."
            yield fault(document, FILE_NAME, ("name",), said, hint="Let the two be equal.")
        yield from _once(document)
        yield from _primary(document)
        yield from _types(document)


def _once(document: YamlDocument) -> Iterator[Problem]:
    yield from repeated(document, ONCE, "field", ("fields",))
    yield from repeated(document, ONCE, "custom type", ("custom_types",))
    for _, path in mappings(document, "custom_types"):
        yield from repeated(document, ONCE, "field", (*path, "fields"))


def _primary(document: YamlDocument) -> Iterator[Problem]:
    primary = [(f, at) for f, at in mappings(document, "fields") if f.get("primary") is True]
    if not primary and isinstance(document.get(("fields",)), list):
        said = "No field is the primary key; records could not be told apart."
        place = document.key_position(("fields",))
        yield HAS_PRIMARY.at(document.file, place, said, hint="Give one field primary: true.")
    for _, path in primary[1:]:
        line = document.position(primary[0][1]).line
        said = f"The field in line {line} is the primary key already."
        hint = "Leave primary out of one of them."
        yield fault(document, ONE_PRIMARY, (*path, "primary"), said, hint=hint)
    for field, path in primary:
        type_ = field.get("type")
        if isinstance(type_, str) and type_ not in KEYS and _item_of(type_):
            said = (
                f"The primary key is a {shown(type_)}; records are told apart by text or numbers."
            )
            hint = f"Use one of {', '.join(sorted(KEYS))}."
            yield fault(document, PRIMARY_TYPE, (*path, "type"), said, hint=hint)


def _types(document: YamlDocument) -> Iterator[Problem]:
    custom = [item.get("name") for item, _ in mappings(document, "custom_types")]
    named = [name for name in custom if isinstance(name, str)]
    used: set[str] = set()
    for field, path in _fields(document):
        written = field.get("type")
        if not isinstance(written, str) or not (type_ := _item_of(written)):
            continue
        used.add(type_)
        if type_ not in (*PRIMITIVE, *named) and len(named) == len(custom):
            rule = KNOWN_ITEMS if written.startswith("[") else KNOWN_TYPE
            said = f"{shown(written)} is neither a type nor a custom type of this file."
            hint = f"{_meant(type_, named)}Known: {listed((*PRIMITIVE, *named))}."
            yield fault(document, rule, (*path, "type"), said, hint=hint)
    for item, path in mappings(document, "custom_types"):
        name = item.get("name")
        if isinstance(name, str) and name not in used:
            said = f"No field has the custom type {shown(name)}."
            hint = "Remove it, or give it to a field as its type."
            yield fault(document, USED, (*path, "name"), said, hint=hint)


def _fields(document: YamlDocument) -> Iterator[tuple[dict[str, Any], KeyPath]]:
    yield from mappings(document, "fields")
    for _, path in mappings(document, "custom_types"):
        yield from mappings(document, *path, "fields")


def _item_of(written: str) -> str:
    """Return the type, or that of a list's items; empty when it is malformed."""
    found = TYPE.fullmatch(written)
    return found["name"] if found else ""


def _meant(type_: str, named: list[str]) -> str:
    if type_ in OTHERWISE:
        return f"Did you mean {OTHERWISE[type_]}? "
    return nearest(type_, [*PRIMITIVE, *named])
