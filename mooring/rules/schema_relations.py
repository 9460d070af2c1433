"""Do relations lead somewhere, and can identifiers recognise customers?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mooring.model.known_names import listed
from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.schema_reader import FIELD_TYPES
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import Inspected, fault, mappings
from mooring.rules.schema_objects import STANDARD, objects, prefixed

RELATION_PREFIX = Rule("SCH-17", "A relation over the app's fields begins with the app's id.")
RELATION_DISPLAY_PREFIX = Rule(
    "SCH-18", "The display name of a relation over the app's fields begins with the app's."
)
CUSTOMERS_ALONE = Rule("SCH-19", "Only the object customers has identifiers.")
IDENTIFIER_PREFIX = Rule("SCH-20", "Names of identifiers begin with the app's.")
SUFFIX = Rule("SCH-21", "The name of an identifier ends with what kind of value it is.")
DISPLAY_SUFFIX = Rule(
    "SCH-22", "The display name of an identifier ends as its name does: ID for _id."
)
CHILD = Rule("SCH-24", "A relation leads to an object that is known.", Severity.WARNING)
JOINED = Rule(
    "SCH-25", "A relation between own objects joins fields that they have.", Severity.WARNING
)
SAME_TYPE = Rule("SCH-27", "The fields that a relation joins have one type.", Severity.WARNING)
RULES = (
    *(RELATION_PREFIX, RELATION_DISPLAY_PREFIX, CUSTOMERS_ALONE, IDENTIFIER_PREFIX),
    *(SUFFIX, DISPLAY_SUFFIX, CHILD, JOINED, SAME_TYPE),
)

SUFFIXES = {
    "_id": " ID",
    "_hash": " Hash",
    "_number": " Number",
    "_token": " Token",
    "_alias": " Alias",
    "_address": " Address",
    "_key": " Key",
}


def check(app: Inspected) -> Iterator[Problem]:
    """Look at the relations and identifiers of every schema file."""
    if not app.app_id or not app.display_name:
        return
    known = {name: _Object(document) for name, document in objects(app).items()}
    for name, this in known.items():
        document = this.document
        for relation, path in mappings(document, "relations"):
            yield from _relation(app, this, relation, path, known)
        if name != "customers" and document.items(("identifiers",)):
            said = f"{shown(name)} has identifiers; only customers are recognised by them."
            hint = "Move them to schema/customers.yml."
            yield fault(document, CUSTOMERS_ALONE, ("identifiers",), said, hint=hint)
            continue
        for identifier, path in mappings(document, "identifiers"):
            rules = (IDENTIFIER_PREFIX, IDENTIFIER_PREFIX)
            yield from prefixed(app, document, identifier, path, rules)
            yield from _suffixes(document, identifier, path)


class _Object:
    """A schema file and the types of its fields, by name; ``certain`` if all names are known."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.name = document.text(("name",)) or ""
        fields = [field for field, _ in mappings(document, "fields")]
        self.types: dict[str, list[Any]] = {}
        for field in fields:
            if isinstance(field.get("name"), str):
                self.types.setdefault(field["name"], []).append(field.get("type"))
        named = sum(len(types) for types in self.types.values())
        listed = isinstance(document.mapping(()).get("fields", []), list)
        self.certain = listed and named == len(document.items(("fields",)))

    def type_of(self, field: object) -> str:
        """Return the type of a field that is declared once; empty when it cannot be told."""
        types = self.types.get(field, []) if isinstance(field, str) else []
        known = [type_ for type_ in types if isinstance(type_, str) and type_ in FIELD_TYPES]
        return known[0] if len(types) == len(known) == 1 else ""


def _relation(
    app: Inspected,
    this: _Object,
    relation: dict[str, Any],
    path: KeyPath,
    known: dict[str, _Object],
) -> Iterator[Problem]:
    document = this.document
    joins = list(mappings(document, *path, "join_fields"))
    if any(str(join.get("parent", "")).startswith(f"{app.app_id}_") for join, _ in joins):
        rules = (RELATION_PREFIX, RELATION_DISPLAY_PREFIX)
        yield from prefixed(app, document, relation, path, rules)
    child = relation.get("child_object")
    if isinstance(child, str) and child not in (*STANDARD, *known):
        yield fault(
            document,
            CHILD,
            (*path, "child_object"),
            f"The relation leads to {shown(child)}, which is not known here.",
            hint=f"Known are {listed(sorted({*STANDARD, *known}))}.",
        )
    for join, at in joins:
        yield from _joined(app, document, join, at, "parent", this)
        if isinstance(child, str) and child in known:
            yield from _joined(app, document, join, at, "child", known[child])
            yield from _same_type(this, join, at, known[child])


def _joined(
    app: Inspected,
    document: YamlDocument,
    join: dict[str, Any],
    path: KeyPath,
    side: str,
    owner: _Object,
) -> Iterator[Problem]:
    """Find a joined field that an object of the app's own does not have."""
    field = join.get(side)
    if not isinstance(field, str) or not owner.name.startswith(f"{app.app_id}_"):
        return
    if owner.certain and field not in owner.types:
        said = f"{shown(owner.name)} has no field {shown(field)}."
        hint = f"Its fields: {listed(owner.types)}."
        yield fault(document, JOINED, (*path, side), said, hint=hint)


def _same_type(
    this: _Object, join: dict[str, Any], path: KeyPath, child: _Object
) -> Iterator[Problem]:
    """Find joined fields that are both declared here, and differently."""
    ours, theirs = this.type_of(join.get("parent")), child.type_of(join.get("child"))
    if ours and theirs and ours != theirs:
        said = f"{shown(join['parent'])} is a {ours}, {shown(join['child'])} a {theirs}."
        hint = "Fields that are joined have the same type; no records would match otherwise."
        yield fault(this.document, SAME_TYPE, path, said, hint=hint)


def _suffixes(
    document: YamlDocument, identifier: dict[str, Any], path: KeyPath
) -> Iterator[Problem]:
    name, display_name = identifier.get("name"), identifier.get("display_name")
    if not isinstance(name, str):
        return
    suffix = next((end for end in SUFFIXES if name.endswith(end)), None)
    if suffix is None:
        said = f"The identifier {shown(name)} does not say what kind of value it is."
        hint = f"End it with one of {', '.join(SUFFIXES)}."
        yield fault(document, SUFFIX, (*path, "name"), said, hint=hint)
    elif isinstance(display_name, str) and not display_name.endswith(SUFFIXES[suffix]):
        said = f"The display name {shown(display_name)} does not end with{SUFFIXES[suffix]}."
        hint = f"The name ends with {suffix}; let both say the same."
        yield fault(document, DISPLAY_SUFFIX, (*path, "display_name"), said, hint=hint)
