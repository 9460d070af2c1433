"""The embedded ODP of one account: the OdpPort over a SQLite file, and SQL for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, select

from mooring.adapters.database import Database
from mooring.adapters.odp_embedded import query as sql
from mooring.adapters.odp_embedded import rows
from mooring.adapters.odp_embedded.declarations import (
    declaration,
    declarations,
    declare,
    identifiers,
)
from mooring.adapters.odp_embedded.identity import Batch
from mooring.adapters.odp_embedded.tables import (
    customer,
    customer_alias,
    identifier,
    prepare,
    seen_name,
)
from mooring.adapters.sqlite_engine import sqlite_engine, unusable
from mooring.errors import RecordInvalid
from mooring.model.schema import SchemaObject
from mooring.sdk.ports import Clock, Customer, CustomerPage, Record, in_chunks

CHUNK = 1000


class EmbeddedOdp:
    """Customers, events and objects of one account; safe between threads and processes."""

    def __init__(self, database: Database, path: Path, *, clock: Clock) -> None:
        self._database = database
        self._path = path
        self._clock = clock
        self._seen: set[tuple[str, str]] = set()

    @classmethod
    def open(cls, path: Path, *, clock: Clock) -> Self:
        """Open the file, making it on first use. Raises HomeUnusable."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(path, error.strerror or str(error)) from error
        database = Database(sqlite_engine(path))
        prepare(database, place=str(path))
        return cls(database, path, clock=clock)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def apply_schema(self, objects: Iterable[SchemaObject]) -> None:
        """Let ODP know an app's objects, fields and identifiers, which only grow.

        Raises Conflict.
        """
        with self._database.write() as connection:
            declare(connection, objects)

    def upsert_customers(self, customers: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows ``{"attributes": {…}}``; return how many. Raises RecordInvalid.

        A bad row means that nothing is stored. None clears an attribute, never an identifier.
        """
        with self._database.read() as connection:
            confidence = identifiers(connection)
        checked = _checked(
            customers, lambda row: rows.customer_row(row, confidence=confidence), "customer"
        )
        for chunk in in_chunks(checked, CHUNK):
            with self._database.write() as connection:
                batch = Batch(connection, confidence, self._clock.now())
                names = rows.write_customers(batch, chunk)
                fresh = self._note(connection, "customers", names)
            self._seen |= fresh
        return len(checked)

    def customer(self, identifier: str, value: str) -> Customer | None:
        """Return the customer with this identifier, ``zaius_id`` (also a former one) included.

        Raises RecordInvalid for a field that identifies nobody.
        """
        with self._database.read() as connection:
            number = _number(connection, identifier, value)
            query = select(customer.c.zaius_id, customer.c.attributes)
            row = connection.execute(query.where(customer.c.number == number)).one_or_none()
        return None if row is None else Customer(row.zaius_id, row.attributes)

    def customers(self, *, after: str | None = None, limit: int = 1000) -> CustomerPage:
        """Walk all customers, the oldest first; those that come meanwhile are met at the end.

        Raises RecordInvalid for an ``after`` that no page gave.
        """
        columns = (customer.c.number, customer.c.zaius_id, customer.c.attributes)
        query = select(*columns).where(customer.c.number > _continued(after))
        with self._database.read() as connection:
            found = connection.execute(query.order_by(customer.c.number).limit(limit + 1)).all()
        page = found[:limit]
        return CustomerPage(
            tuple(Customer(row.zaius_id, row.attributes) for row in page),
            str(page[-1].number) if len(found) > limit else None,
        )

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Append events ``{type, action, identifiers, data}``; return how many were new.

        Equal ``idempotence_id`` (in ``data`` or beside it) counts once. Raises RecordInvalid.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            confidence = identifiers(connection)
        checked = _checked(
            events, lambda row: rows.event_row(row, confidence=confidence, now=now), "event"
        )
        added = 0
        for chunk in in_chunks(checked, CHUNK):
            with self._database.write() as connection:
                new = rows.write_events(Batch(connection, confidence, now), chunk)
                names = {name for row in new for name in row["data"]}
                fresh = self._note(connection, "events", names)
            self._seen |= fresh
            added += len(new)
        return added

    def upsert_objects(self, name: str, objects: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows of an object by primary key; return how many; None clears a field.

        Raises NotFound for an undeclared object, RecordInvalid for a row that does not fit.
        """
        with self._database.read() as connection:
            declared = declaration(connection, name)
        checked = _checked(objects, lambda row: rows.object_row_of(declared, row), name)
        for chunk in in_chunks(checked, CHUNK):
            with self._database.write() as connection:
                rows.write_rows(connection, declared, chunk, now=self._clock.now())
                fresh = self._note(connection, name, {field for row in chunk for field in row})
            self._seen |= fresh
        return len(checked)

    def objects(self, name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
        """Return rows of an object in the order of their primary key, past the key ``after``.

        Several primary fields make one key: a JSON array of their texts. Raises NotFound.
        """
        with self._database.read() as connection:
            declaration(connection, name)
            return rows.stored_rows(connection, name, after=after, limit=limit)

    def query(
        self, statement: str, *, seconds: float = sql.SECONDS
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run one SELECT over the views of ``odp_embedded.query``; return columns and rows.

        Raises RequestInvalid for what is no such SELECT, takes too long or gives too much.
        """
        with self._database.read() as connection:
            known = {name: tuple(d.types) for name, d in declarations(connection).items()}
            recognised = tuple(identifiers(connection))
            seen = connection.execute(select(seen_name.c.object, seen_name.c.name)).all()
        views = sql.views(known, recognised, [(row.object, row.name) for row in seen])
        return sql.run(self._path, statement, views=views, seconds=seconds)

    def _note(self, connection: Connection, name: str, fields: set[str]) -> set[tuple[str, str]]:
        """Write names that are new: they become columns of the views. Known once committed."""
        fresh = {(name, field) for field in fields} - self._seen
        if fresh:
            statement = "INSERT OR IGNORE INTO seen_name (object, name) VALUES (?, ?)"
            connection.exec_driver_sql(statement, sorted(fresh))
        return fresh


def _checked(
    given: Sequence[Mapping[str, Any]], check: Callable[[Mapping[str, Any]], Any], what: str
) -> list[Any]:
    """Check every row before any is stored; say which one is at fault."""
    checked = []
    for position, row in enumerate(given):
        try:
            checked.append(check(row))
        except RecordInvalid as error:
            place = f"{what} {position}" + (f", {error.where}" if error.where else "")
            raise RecordInvalid(error.message, where=place, hint=error.hint) from error
    return checked


def _continued(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isascii() or not after.isdigit():
        raise RecordInvalid(
            f"{after!r} is no place to continue from.", hint="Pass the `after` of the last page."
        )
    return int(after)


def _number(connection: Connection, field: str, value: str) -> int | None:
    if field == "zaius_id":
        now = select(customer.c.number).where(customer.c.zaius_id == value)
        former = select(customer_alias.c.number).where(customer_alias.c.zaius_id == value)
        return connection.scalar(now.union_all(former))
    known = identifiers(connection)
    if field not in known:
        raise RecordInvalid(
            f"{field} identifies nobody.", hint=f"Known identifiers: {', '.join(known)}."
        )
    wanted = (identifier.c.field == field) & (identifier.c.value == rows.normal(field, value))
    return connection.scalar(select(identifier.c.number).where(wanted))
