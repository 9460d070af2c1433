"""Which objects and fields does an app want in the customer data platform? Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal["string", "number", "timestamp", "boolean", "vector"]


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of an object."""

    name: str
    type: FieldType
    display_name: str
    description: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class JoinField:
    """A pair of fields that must agree for two records to be related."""

    parent: str
    child: str


@dataclass(frozen=True, slots=True)
class SchemaRelation:
    """How records of this object find records of another."""

    name: str
    display_name: str
    child_object: str
    join_fields: tuple[JoinField, ...]


@dataclass(frozen=True, slots=True)
class SchemaIdentifier:
    """A value by which customers are recognised; only the object ``customers`` has them."""

    name: str
    display_name: str
    merge_confidence: Literal["high", "low"]
    messaging: bool = False


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One schema file: an object of the app's own, or an extension of a standard one."""

    name: str
    display_name: str = ""
    alias: str = ""
    fields: tuple[SchemaField, ...] = ()
    relations: tuple[SchemaRelation, ...] = ()
    identifiers: tuple[SchemaIdentifier, ...] = ()
