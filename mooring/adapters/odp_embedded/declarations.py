"""Which objects, fields and identifiers does an account's ODP know, and what may a field hold?

ODP's own objects are known from the start. Definitions only grow: an app adds fields and objects,
and a field that exists cannot change its type.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from mooring.adapters.database import insert
from mooring.adapters.odp_embedded.tables import declared_object
from mooring.errors import Conflict, NotFound, RecordInvalid
from mooring.model.schema import SchemaObject

STANDARD_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "products": ("product_id",),
        "orders": ("order_id",),
        "categories": ("category_id",),
        "lists": ("list_id",),
    }
)
STANDARD_IDENTIFIERS: Mapping[str, str] = MappingProxyType(
    {
        "email": "high",
        "phone": "high",
        "customer_id": "high",
        "user_id": "high",
        "fs_user_id": "high",
        "vuid": "low",
    }
)
NOT_ROWS = ("customers", "events")
LONGEST_STRING = 1024
MILLISECONDS_FROM = 1e11


@dataclass(frozen=True, slots=True)
class Declaration:
    """One object: its fields with their types, its primary key, its identifiers."""

    name: str
    types: Mapping[str, str] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    identifiers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_standard(self) -> bool:
        """Whether ODP brings the object along; such objects have more fields than we list."""
        return self.name in STANDARD_KEYS or self.name in NOT_ROWS


def declare(connection: Connection, objects: Iterable[SchemaObject]) -> None:
    """Add objects and fields. Raises Conflict when a field would change its type or the key."""
    for wanted in objects:
        known = _read(connection, wanted.name)
        _keep_key(known, wanted)
        types = {**known.types, **{f.name: f.type for f in wanted.fields}}
        for name, former in known.types.items():
            if types[name] != former:
                raise Conflict(
                    f"{wanted.name}.{name} is a {former} already and cannot become {types[name]}.",
                    where=f"schema/{wanted.name}.yml",
                    hint="Declare a field with a new name; ODP's definitions only grow.",
                )
        _write(connection, _extended(known, wanted, types))


def _keep_key(known: Declaration, wanted: SchemaObject) -> None:
    primary = tuple(field.name for field in wanted.fields if field.primary)
    if known.primary and primary and set(primary) != set(known.primary):
        raise Conflict(
            f"{wanted.name} is found by {', '.join(known.primary)}; "
            f"its primary key cannot become {', '.join(primary)}.",
            where=f"schema/{wanted.name}.yml",
            hint="Declare an object with a new name; ODP's definitions only grow.",
        )


def declarations(connection: Connection) -> dict[str, Declaration]:
    """Return every object that may hold rows, ODP's own included, by name."""
    names = connection.scalars(select(declared_object.c.name)).all()
    wanted = {*STANDARD_KEYS, *names} - set(NOT_ROWS)
    return {name: _read(connection, name) for name in sorted(wanted)}


def declaration(connection: Connection, name: str) -> Declaration:
    """Return an object that may hold rows. Raises NotFound naming what is declared."""
    known = declarations(connection)
    if name in NOT_ROWS:
        raise NotFound(f"{name} are not rows of an object.", hint=f"Use the call for {name}.")
    if name not in known:
        raise NotFound(
            f"ODP has no object {name}.",
            hint=f"Declare it in schema/{name}.yml and install again. "
            f"There are: {', '.join(known)}.",
        )
    return known[name]


def identifiers(connection: Connection) -> dict[str, str]:
    """Return the fields by which customers are recognised, with their confidence."""
    return {**STANDARD_IDENTIFIERS, **_read(connection, "customers").identifiers}


def coerced(name: str, type_: str, value: Any) -> Any:
    """Return the value as the field's type keeps it. Raises RecordInvalid if that loses something.

    A timestamp is kept as epoch seconds, as ODP does.
    """
    read = _READERS.get(type_)
    if value is None or read is None:
        return value
    found = read(value)
    if found is None:
        raise RecordInvalid(
            f"The field {name} is a {type_}; {type(value).__name__} does not fit.", where=name
        )
    return found


def _string(value: Any) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and len(value) <= LONGEST_STRING else None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    known = {"0": False, "1": True, "false": False, "true": True}
    return known.get(str(value).lower()) if isinstance(value, str | int) else None


def _timestamp(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and not value.isdigit():
        moment = _moment(value)
        return None if moment is None else _whole(moment.timestamp())
    number = _number(value)
    if number is None:
        return None
    return number if abs(number) < MILLISECONDS_FROM else _whole(number / 1000)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


_READERS: Mapping[str, Any] = MappingProxyType(
    {"string": _string, "number": _number, "boolean": _boolean, "timestamp": _timestamp}
)


def _read(connection: Connection, name: str) -> Declaration:
    query = select(declared_object).where(declared_object.c.name == name)
    row = connection.execute(query).one_or_none()
    primary = STANDARD_KEYS.get(name, ())
    if row is None:
        return Declaration(name, primary=primary)
    declared = tuple(field for field, kept in row.fields.items() if kept["primary"])
    return Declaration(
        name,
        types={field: kept["type"] for field, kept in row.fields.items()},
        primary=primary or declared,
        identifiers=row.identifiers,
    )


def _extended(known: Declaration, wanted: SchemaObject, types: Mapping[str, str]) -> Declaration:
    primary = known.primary or tuple(f.name for f in wanted.fields if f.primary)
    found = {i.name: i.merge_confidence for i in wanted.identifiers}
    return Declaration(wanted.name, types, primary, {**known.identifiers, **found})


def _write(connection: Connection, kept: Declaration) -> None:
    fields = {
        name: {"type": type_, "primary": name in kept.primary} for name, type_ in kept.types.items()
    }
    values = {"fields": fields, "identifiers": dict(kept.identifiers)}
    row = insert(connection, declared_object).values(name=kept.name, **values)
    connection.execute(
        row.on_conflict_do_update(index_elements=[declared_object.c.name], set_=values)
    )
