"""How does the content of a schema file become a SchemaObject?"""

from __future__ import annotations

from typing import Any, cast, get_args

from mooring.model.schema import (
    FieldType,
    JoinField,
    SchemaField,
    SchemaIdentifier,
    SchemaObject,
    SchemaRelation,
)
from mooring.reading.node import Malformed, Node

FIELD_TYPES = frozenset(get_args(FieldType))


def read_schema_object(value: Any) -> SchemaObject:
    """Return the typed object. Raises Malformed."""
    node = Node(value)
    return SchemaObject(
        name=node.text("name"),
        display_name=node.text("display_name", ""),
        alias=node.text("alias", ""),
        fields=tuple(_field(field) for field in node.elements("fields")),
        relations=tuple(_relation(relation) for relation in node.elements("relations")),
        identifiers=tuple(_identifier(item) for item in node.elements("identifiers")),
    )


def _field(node: Node) -> SchemaField:
    kind = node.text("type")
    if kind not in FIELD_TYPES:
        raise Malformed((*node.path, "type"), f"one of {', '.join(sorted(FIELD_TYPES))}")
    return SchemaField(
        name=node.text("name"),
        type=cast(FieldType, kind),
        display_name=node.text("display_name"),
        description=node.text("description"),
        primary=node.flag("primary"),
    )


def _relation(node: Node) -> SchemaRelation:
    joins = tuple(
        JoinField(parent=join.text("parent"), child=join.text("child"))
        for join in node.elements("join_fields")
    )
    return SchemaRelation(
        name=node.text("name"),
        display_name=node.text("display_name"),
        child_object=node.text("child_object"),
        join_fields=joins,
    )


def _identifier(node: Node) -> SchemaIdentifier:
    confidence = node.text("merge_confidence")
    if confidence not in ("high", "low"):
        raise Malformed((*node.path, "merge_confidence"), "high or low")
    return SchemaIdentifier(
        name=node.text("name"),
        display_name=node.text("display_name"),
        merge_confidence="high" if confidence == "high" else "low",
        messaging=node.flag("messaging"),
    )
