"""Where are an app's settings, secrets and key-value records kept? Three stores, one rule.

The rule, by which no change is lost, is in ``sdk.record_changes``; the SQL in ``record_rows``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from mooring.adapters.database import Database, bump, hold
from mooring.adapters.record_rows import RecordRows, Row, sweep_expired
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import key_values, settings
from mooring.sdk.ports import Clock, Record
from mooring.sdk.record_changes import Held, KeyValues, NamedRecords, Records
from mooring.sdk.records import (
    KEY_VALUE_BYTES,
    SECRET_BYTES,
    SETTINGS_BYTES,
    as_map,
    checked_key,
    checked_limit,
    checked_prefix,
    decoded,
    encoded,
)

REDACTED = {"redacted": True}


class _TableRecords(Records):
    """Records in a table of the host's database."""

    def __init__(self, database: Database, rows: RecordRows, *, lock: str, clock: Clock) -> None:
        self._database = database
        self._rows = rows
        self._lock = lock
        self._clock = clock

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there, without looking into it."""
        return self._row(checked_key(key)) is not None

    @contextmanager
    def _exclusive(self, key: str) -> Iterator[None]:
        with self._database.write() as connection:
            hold(connection, self._lock, key)
            yield

    def _now(self) -> datetime:
        return self._clock.now()

    def _load(self, key: str) -> Held | None:
        row = self._row(key)
        return None if row is None else Held(decoded(row[0]), row[1])

    def _row(self, key: str) -> Row | None:
        with self._database.read() as connection:
            return self._rows.get(connection, key, now=self._clock.now())

    def _erase(self, key: str) -> None:
        with self._database.write() as connection:
            self._rows.remove(connection, key)


class SettingsRecords(_TableRecords, NamedRecords):
    """Settings of one installation (sdk.ports.RecordStore).

    ``secret_fields`` names by section what goes to the vault; the row keeps ``{"redacted": true}``
    in its place, and only ``get`` and ``patch`` put the value back.
    """

    def __init__(
        self,
        database: Database,
        *,
        owner: str,
        vault: Vault,
        secret_fields: Mapping[str, frozenset[str]],
        clock: Clock,
    ) -> None:
        rows = RecordRows(settings, owner=owner)
        super().__init__(database, rows, lock=f"settings/{owner}", clock=clock)
        self._owner = owner
        self._vault = vault
        self._secret_fields = secret_fields

    def _load(self, key: str) -> Held | None:
        held = super()._load(key)
        if held is None:
            return None
        return Held(dict(self._revealed(key, held.record)), held.expires_at)

    def _keep(self, key: str, held: Held) -> None:
        # First of all, because an OS keychain takes part in no transaction.
        encoded(key, held.record, SETTINGS_BYTES)
        secret = self._secret_fields.get(key, frozenset())
        shown = {name: value for name, value in held.record.items() if name not in secret}
        for name in sorted(secret):
            if name in held.record:
                shown[name] = self._kept_apart(key, name, held.record[name])
            else:
                self._vault.delete(self._owner, _place(key, name))
        text = encoded(key, {name: shown[name] for name in held.record}, SETTINGS_BYTES)
        with self._database.write() as connection:
            self._rows.put(connection, key, (text, held.expires_at))
            bump(connection, "settings")

    def _erase(self, key: str) -> None:
        for name in sorted(self._secret_fields.get(key, frozenset())):
            self._vault.delete(self._owner, _place(key, name))
        super()._erase(key)
        with self._database.write() as connection:
            bump(connection, "settings")

    def _revealed(self, key: str, record: Record) -> Iterator[tuple[str, Any]]:
        """Put secrets back, also those of fields that the form no longer calls secret."""
        for name, value in record.items():
            if value != REDACTED:
                yield name, value
            elif (text := self._vault.get(self._owner, _place(key, name))) is not None:
                yield name, decoded(text)
            elif name not in self._secret_fields.get(key, frozenset()):
                yield name, value

    def _kept_apart(self, key: str, name: str, value: Any) -> Any:
        """Move a value to the vault and return what the row keeps; nothing is no secret."""
        if value == REDACTED:
            return value
        if value is None or value == "":
            self._vault.delete(self._owner, _place(key, name))
            return value
        text = encoded(f"{key}.{name}", value, SETTINGS_BYTES)
        if self._vault.get(self._owner, _place(key, name)) != text:
            self._vault.set(self._owner, _place(key, name), text)
        return dict(REDACTED)


class SecretRecords(NamedRecords):
    """Secrets of one installation (sdk.ports.RecordStore), wholly in the vault."""

    def __init__(self, vault: Vault, *, owner: str) -> None:
        self._vault = vault
        self._owner = owner

    def names(self) -> list[tuple[str, datetime]]:
        """Return keys and the time of their last change, never values."""
        return [
            (name.removeprefix("secrets/"), changed_at)
            for name, changed_at in self._vault.names(self._owner)
            if name.startswith("secrets/")
        ]

    def _exclusive(self, key: str) -> AbstractContextManager[None]:
        return self._vault.exclusive(self._owner, f"secrets/{key}")

    def _load(self, key: str) -> Held | None:
        held = self._vault.held(self._owner, f"secrets/{key}")
        return None if held is None else Held(decoded(held[0]), held[1])

    def _keep(self, key: str, held: Held) -> None:
        text = encoded(key, held.record, SECRET_BYTES)
        self._vault.set(self._owner, f"secrets/{key}", text, expires_at=held.expires_at)

    def _erase(self, key: str) -> None:
        self._vault.delete(self._owner, f"secrets/{key}")

    def _now(self) -> datetime:
        return self._vault.moment_after(0)


class KeyValueRecords(_TableRecords, KeyValues):
    """Key-value records of an installation or, shared, of an app (sdk.ports.KeyValueStore)."""

    def __init__(self, database: Database, *, owner: str, clock: Clock) -> None:
        rows = RecordRows(key_values, owner=owner)
        super().__init__(database, rows, lock=f"key_values/{owner}", clock=clock)

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist among ``keys``."""
        wanted = [checked_key(key) for key in keys]
        with self._database.read() as connection:
            texts = self._rows.get_many(connection, wanted, now=self._clock.now())
        return {key: decoded(texts[key]) for key in keys if key in texts}

    def put_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace many records in one transaction."""
        texts = {
            checked_key(key): encoded(key, as_map(key, record), KEY_VALUE_BYTES, sets=True)
            for key, record in records.items()
        }
        if texts:
            with self._all_exclusive() as connection:
                self._rows.put_many(connection, texts)

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove many records in one transaction; return how many were there."""
        gone = [checked_key(key) for key in keys]
        with self._all_exclusive() as connection:
            return self._rows.remove_many(connection, gone, now=self._clock.now())

    def scan(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, Record]]:
        """Return up to ``limit`` records whose key starts with ``prefix``, past ``after``.

        The order is that of the keys' code points.
        """
        start, end = checked_prefix(prefix), checked_limit(limit)
        with self._database.read() as connection:
            rows = self._rows.scan(
                connection, start, after=checked_prefix(after), limit=end, now=self._clock.now()
            )
        return [(key, decoded(text)) for key, text in rows]

    def count(self, prefix: str) -> int:
        """Count the unexpired records whose key starts with ``prefix``."""
        with self._database.read() as connection:
            return self._rows.count(connection, checked_prefix(prefix), now=self._clock.now())

    def _keep(self, key: str, held: Held) -> None:
        text = encoded(key, held.record, KEY_VALUE_BYTES, sets=True)
        with self._database.write() as connection:
            self._rows.put(connection, key, (text, held.expires_at))

    @contextmanager
    def _all_exclusive(self) -> Iterator[Connection]:
        """Keep others from changing any of the owner's records meanwhile."""
        with self._database.write() as connection:
            hold(connection, self._lock)
            yield connection


def sweep(database: Database, *, now: datetime) -> int:
    """Delete the expired records of every owner; return how many. For a host's idle moments."""
    with database.write() as connection:
        return sum(sweep_expired(connection, table, now=now) for table in (settings, key_values))


def _place(section: str, field: str) -> str:
    return f"settings/{section}/{field}"
