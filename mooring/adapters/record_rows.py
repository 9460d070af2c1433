"""How do records get in and out of a table? SQL alone: no rules about what a record may hold.

Bulk access is one statement with arrays on PostgreSQL and tuples or JSON on SQLite, inside Core's
transaction: thousands of records in tens of milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Table,
    Text,
    any_,
    delete,
    func,
    literal,
    or_,
    select,
)

from mooring.adapters.database import insert

Row = tuple[str, datetime | None]
"""A record's text and when it expires."""

JOURNAL = "mooring_journal"
"""The option of a connection whose changes are noted: ``note(connection, table, owner, rows)``."""


class RecordRows:
    """The rows of one owner in ``settings`` or ``key_values``; expired ones are not there."""

    def __init__(self, table: Table, *, owner: str) -> None:
        self._table = table
        self._owner = owner

    def get(self, connection: Connection, key: str, *, now: datetime) -> Row | None:
        """Return one row."""
        found = connection.execute(
            select(self._table.c.value, self._table.c.expires_at).where(
                self._mine, self._table.c.key == key, self._alive(now)
            )
        ).one_or_none()
        return None if found is None else (found.value, found.expires_at)

    def put(self, connection: Connection, key: str, row: Row) -> None:
        """Insert or replace one row."""
        self._note(connection, {key: row})
        values = {"value": row[0], "expires_at": row[1]}
        added = insert(connection, self._table).values(owner=self._owner, key=key, **values)
        connection.execute(
            added.on_conflict_do_update(
                index_elements=[self._table.c.owner, self._table.c.key], set_=values
            )
        )

    def remove(self, connection: Connection, key: str) -> None:
        """Delete one row."""
        self._note(connection, {key: None})
        connection.execute(delete(self._table).where(self._mine, self._table.c.key == key))

    def get_many(
        self, connection: Connection, keys: Sequence[str], *, now: datetime
    ) -> dict[str, str]:
        """Return the texts of the rows that exist among ``keys``."""
        rows = connection.execute(
            select(self._table.c.key, self._table.c.value).where(
                self._mine, self._among(connection, keys), self._alive(now)
            )
        )
        return {row.key: row.value for row in rows}

    def put_many(self, connection: Connection, texts: Mapping[str, str]) -> None:
        """Insert or replace many rows, which do not expire."""
        self._note(connection, {key: (text, None) for key, text in texts.items()})
        name = self._table.name
        into = f"INSERT INTO {name} (owner, key, value, expires_at)"
        replace = "ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value, expires_at = NULL"
        if connection.dialect.name == "postgresql":
            rows = "SELECT %s, t.k, t.v, NULL FROM unnest(%s::text[], %s::text[]) AS t(k, v)"
            values = (self._owner, list(texts), list(texts.values()))
            connection.exec_driver_sql(f"{into} {rows} {replace}", values)
        else:
            tuples = [(self._owner, key, text) for key, text in texts.items()]
            connection.exec_driver_sql(f"{into} VALUES (?, ?, ?, NULL) {replace}", tuples)

    def remove_many(self, connection: Connection, keys: Sequence[str], *, now: datetime) -> int:
        """Delete many rows; return how many of them had not expired."""
        self._note(connection, dict.fromkeys(keys))
        gone = connection.execute(
            delete(self._table)
            .where(self._mine, self._among(connection, keys))
            .returning(self._table.c.expires_at)
        ).all()
        return sum(1 for row in gone if row.expires_at is None or row.expires_at > now)

    def scan(
        self, connection: Connection, prefix: str, *, after: str, limit: int, now: datetime
    ) -> list[tuple[str, str]]:
        """Return keys and texts under a prefix, past ``after``, in code-point order."""
        query = select(self._table.c.key, self._table.c.value).where(
            self._mine, self._under(prefix), self._table.c.key > after, self._alive(now)
        )
        rows = connection.execute(query.order_by(self._table.c.key).limit(limit))
        return [(row.key, row.value) for row in rows]

    def count(self, connection: Connection, prefix: str, *, now: datetime) -> int:
        """Count the rows under a prefix."""
        query = select(func.count()).select_from(self._table)
        found = connection.scalar(query.where(self._mine, self._under(prefix), self._alive(now)))
        return int(found or 0)

    def _note(self, connection: Connection, rows: Mapping[str, Row | None]) -> None:
        """Tell the journal of a transition, if there is one, what is about to change."""
        if note := connection.get_execution_options().get(JOURNAL):
            note(connection, self._table, self._owner, rows)

    @property
    def _mine(self) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = self._table.c.owner == self._owner
        return mine

    def _alive(self, now: datetime) -> ColumnElement[bool]:
        return or_(self._table.c.expires_at.is_(None), self._table.c.expires_at > now)

    def _under(self, prefix: str) -> ColumnElement[bool]:
        """Find a prefix as a range: an index serves it, and no character is a wildcard."""
        under: ColumnElement[bool] = self._table.c.key >= prefix
        end = next_prefix(prefix)
        return under if end is None else under & (self._table.c.key < end)

    def _among(self, connection: Connection, keys: Sequence[str]) -> ColumnElement[bool]:
        """Compare with any number of keys in one parameter."""
        if connection.dialect.name == "postgresql":
            return self._table.c.key == any_(literal(list(keys), ARRAY(Text)))
        listed = func.json_each(json.dumps(list(keys), ensure_ascii=False)).table_valued("value")
        return self._table.c.key.in_(select(listed.c.value))


def sweep_expired(connection: Connection, table: Table, *, now: datetime) -> int:
    """Delete the rows of every owner that have expired; return how many."""
    return connection.execute(delete(table).where(table.c.expires_at <= now)).rowcount


def next_prefix(prefix: str) -> str | None:
    """Return the first text, by code point, that is past all texts with this prefix."""
    trimmed = prefix.rstrip("\U0010ffff")
    if not trimmed:
        return None
    following = ord(trimmed[-1]) + 1
    # Surrogates are no characters of their own and cannot be sent to a database.
    return trimmed[:-1] + chr(0xE000 if following == 0xD800 else following)
