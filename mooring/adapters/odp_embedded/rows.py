"""How do customers, events and object rows get into the tables? Checked first, then in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from mooring.adapters.columns import from_micros, to_micros
from mooring.adapters.odp_embedded.declarations import Declaration, coerced
from mooring.adapters.odp_embedded.identity import Batch, Pair
from mooring.adapters.odp_embedded.tables import event, object_row
from mooring.errors import RecordInvalid
from mooring.sdk.ports import Record
from mooring.sdk.records import as_record

Attributes = tuple[dict[str, str], dict[str, Any]]
"""A customer's row, parted into identifiers and other attributes."""


def customer_row(row: Mapping[str, Any], *, confidence: Mapping[str, str]) -> Attributes:
    """Part ``{"attributes": {…}}``. Raises RecordInvalid when no identifier is among them."""
    attributes = row.get("attributes")
    if not isinstance(attributes, Mapping):
        raise RecordInvalid('A customer is {"attributes": {…}}, identifiers among them.')
    found = _identifiers(attributes, confidence)
    if not found:
        raise RecordInvalid(
            "A customer needs at least one identifier.",
            hint=f"Known identifiers: {', '.join(confidence)}.",
        )
    others = {name: value for name, value in attributes.items() if name not in confidence}
    return found, as_record("attributes", others)


def write_customers(batch: Batch, rows: Sequence[Attributes]) -> set[str]:
    """Merge rows into their profiles; return the names of the attributes."""
    batch.load(_pairs(identifiers for identifiers, _ in rows))
    for identifiers, attributes in rows:
        batch.write(batch.resolve(identifiers), attributes)
    batch.flush()
    return {name for identifiers, attributes in rows for name in (*identifiers, *attributes)}


def event_row(
    row: Mapping[str, Any], *, confidence: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Check ``{type, action, identifiers, data}``. Raises RecordInvalid."""
    type_, data = row.get("type"), row.get("data") or {}
    if not isinstance(type_, str) or not type_:
        raise RecordInvalid("An event needs a type.", hint='For example {"type": "pageview", …}.')
    if not isinstance(data, Mapping):
        raise RecordInvalid("An event's data is a map.", where=type_)
    given = row.get("identifiers")
    found = _identifiers(given if isinstance(given, Mapping) else {}, confidence)
    if not found:
        raise RecordInvalid(
            "An event needs at least one known identifier.",
            where=type_,
            hint=f"Known identifiers: {', '.join(confidence)}.",
        )
    once = row.get("idempotence_id") or data.get("idempotence_id")
    return {
        "type": type_,
        "action": row.get("action"),
        "ts": _moment(row.get("ts", data.get("ts")), now),
        "received_at": now,
        "identifiers": found,
        "data": as_record("data", data),
        "idempotence_id": None if once is None else str(once),
    }


def write_events(batch: Batch, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Append events that were not there yet, in order; return those."""
    new = list(_only_new(batch.connection, rows))
    batch.load(_pairs(row["identifiers"] for row in new))
    owners = [batch.resolve(row["identifiers"]) for row in new]
    batch.flush()
    if new:
        numbered = zip(new, owners, strict=True)
        values = [{**row, "number": batch.number_of(owner)} for row, owner in numbered]
        batch.connection.execute(event.insert(), values)
    return new


def write_rows(
    connection: Connection,
    declared: Declaration,
    rows: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Merge checked rows of an object by primary key; None clears a field."""
    kept = _kept_rows(connection, declared.name, [object_key(declared, row) for row in rows])
    for row in rows:
        key = object_key(declared, row)
        merged = {**kept.get(key, {}), **row}
        kept[key] = {name: value for name, value in merged.items() if value is not None}
    connection.exec_driver_sql(
        'INSERT INTO object_row (object, "key", "row", updated_at) VALUES (?, ?, ?, ?) '
        'ON CONFLICT (object, "key") DO UPDATE '
        'SET "row" = excluded."row", updated_at = excluded.updated_at',
        [
            (declared.name, key, json.dumps(row, ensure_ascii=False), to_micros(now))
            for key, row in kept.items()
        ],
    )


def object_row_of(declared: Declaration, row: Mapping[str, Any]) -> Record:
    """Check one row of an object and give its values their types. Raises RecordInvalid."""
    for name in declared.primary:
        if row.get(name) in (None, ""):
            raise RecordInvalid(
                f"Missing required field {name}: it is the primary key of {declared.name}.",
                where=declared.name,
            )
    unknown = [name for name in row if name not in declared.types and name not in declared.primary]
    if unknown and not declared.is_standard:
        raise RecordInvalid(
            f"Unknown field {unknown[0]} of {declared.name}.",
            where=declared.name,
            hint=f"Declare it in schema/{declared.name}.yml. "
            f"There are: {', '.join(declared.types)}.",
        )
    return {
        name: coerced(f"{declared.name}.{name}", declared.types.get(name, ""), value)
        for name, value in as_record(declared.name, row).items()
    }


def object_key(declared: Declaration, row: Mapping[str, Any]) -> str:
    """Return the text by which a row is found; several primary fields are joined as JSON."""
    values = [str(row[name]) for name in declared.primary]
    return values[0] if len(values) == 1 else json.dumps(values, ensure_ascii=False)


def normal(name: str, value: Any) -> str:
    """Return an identifier's value as it is compared: trimmed, e-mail in lower case."""
    text = str(value).strip()
    return text.lower() if name == "email" else text


def _identifiers(given: Mapping[str, Any], confidence: Mapping[str, str]) -> dict[str, str]:
    """Keep known identifiers that have a value."""
    found = {name: normal(name, given[name]) for name in confidence if given.get(name) is not None}
    return {name: value for name, value in found.items() if value}


def _pairs(identifiers: Iterable[Mapping[str, str]]) -> list[Pair]:
    return [pair for one in identifiers for pair in one.items()]


def _moment(given: Any, now: datetime) -> datetime:
    if given is None:
        return now
    seconds = coerced("ts", "timestamp", given)
    try:
        return from_micros(round(seconds * 1_000_000))
    except OverflowError:
        raise RecordInvalid("The time of the event is out of range.", where="ts") from None


def _only_new(connection: Connection, rows: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    wanted = json.dumps([row["idempotence_id"] for row in rows if row["idempotence_id"]])
    seen = {
        found
        for (found,) in connection.exec_driver_sql(
            "SELECT idempotence_id FROM event "
            "WHERE idempotence_id IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
    }
    for row in rows:
        once = row["idempotence_id"]
        if once is None or once not in seen:
            seen.add(once)
            yield row


def _kept_rows(connection: Connection, name: str, keys: Sequence[str]) -> dict[str, Record]:
    listed = connection.exec_driver_sql(
        'SELECT "key", "row" FROM object_row '
        'WHERE object = ? AND "key" IN (SELECT value FROM json_each(?))',
        (name, json.dumps(list(keys), ensure_ascii=False)),
    )
    return {key: json.loads(row) for key, row in listed}


def stored_rows(
    connection: Connection, name: str, *, after: str | None, limit: int
) -> list[Record]:
    """Return rows of an object in the order of their keys."""
    query = select(object_row.c.row).where(object_row.c.object == name)
    if after is not None:
        query = query.where(object_row.c.key > after)
    return list(connection.scalars(query.order_by(object_row.c.key).limit(limit)))
