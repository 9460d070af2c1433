"""How do the stores behave without any database? As every backend must; see ``contracts``.

The rule by which records change, and the text in which they are kept, are those of every backend;
a dictionary takes the place of the tables.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mooring.sdk.ports import Clock, Record
from mooring.sdk.record_changes import Held, KeyValues, NamedRecords, Records
from mooring.sdk.records import (
    KEY_VALUE_BYTES,
    SETTINGS_BYTES,
    as_map,
    checked_key,
    checked_limit,
    checked_prefix,
    decoded,
    encoded,
)


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    expires_at: datetime | None


class MemoryRecords:
    """The records of any number of owners; the stores below are views of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[tuple[str, str], _Row] = {}
        self.lock = threading.RLock()

    def now(self) -> datetime:
        """Return the time by which records expire."""
        return self._clock.now()

    def row(self, owner: str, key: str) -> _Row | None:
        """Return an unexpired row."""
        row = self._rows.get((owner, key))
        gone = row is not None and row.expires_at is not None and row.expires_at <= self.now()
        return None if gone else row

    def keep(self, owner: str, key: str, text: str, *, expires_at: datetime | None = None) -> None:
        """Write a row."""
        self._rows[owner, key] = _Row(text, expires_at)

    def drop(self, owner: str, key: str) -> None:
        """Forget a row."""
        self._rows.pop((owner, key), None)

    def rows(self, owner: str, prefix: str) -> list[tuple[str, str]]:
        """Return keys and texts of unexpired rows in code-point order."""
        keys = sorted(k for whose, k in self._rows if whose == owner and k.startswith(prefix))
        return [(key, row.text) for key in keys if (row := self.row(owner, key)) is not None]

    def everything(self) -> dict[str, dict[str, Record]]:
        """Return every unexpired record, by owner and key."""
        with self.lock:
            owners = dict.fromkeys(owner for owner, _ in self._rows)
            rows = {owner: self.rows(owner, "") for owner in owners}
        return {
            owner: {key: decoded(text) for key, text in found}
            for owner, found in rows.items()
            if found
        }


class _MemoryStore(Records):
    """The records of one owner."""

    most_bytes = SETTINGS_BYTES
    sets = False

    def __init__(self, records: MemoryRecords, *, owner: str = "install/1/kv") -> None:
        self._records = records
        self._owner = owner

    @contextmanager
    def _exclusive(self, key: str) -> Iterator[None]:
        with self._records.lock:
            yield

    def _load(self, key: str) -> Held | None:
        row = self._records.row(self._owner, key)
        return None if row is None else Held(decoded(row.text), row.expires_at)

    def _keep(self, key: str, held: Held) -> None:
        self._records.keep(
            self._owner, key, self._text(key, held.record), expires_at=held.expires_at
        )

    def _erase(self, key: str) -> None:
        self._records.drop(self._owner, key)

    def _now(self) -> datetime:
        return self._records.now()

    def _text(self, key: str, record: Mapping[str, Any]) -> str:
        return encoded(key, as_map(key, record), self.most_bytes, sets=self.sets)


class MemoryRecordStore(_MemoryStore, NamedRecords):
    """Settings or secrets of one owner."""


class MemoryKeyValueStore(_MemoryStore, KeyValues):
    """Non-secret state of one owner."""

    most_bytes = KEY_VALUE_BYTES
    sets = True

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist among ``keys``."""
        wanted = [checked_key(key) for key in keys]
        with self._records.lock:
            rows = {key: self._records.row(self._owner, key) for key in wanted}
        return {key: decoded(row.text) for key, row in rows.items() if row is not None}

    def put_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace many records at once."""
        texts = {checked_key(key): self._text(key, record) for key, record in records.items()}
        with self._records.lock:
            for key, text in texts.items():
                self._records.keep(self._owner, key, text)

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove many records at once; return how many were there."""
        gone = [checked_key(key) for key in dict.fromkeys(keys)]
        with self._records.lock:
            there = [key for key in gone if self._records.row(self._owner, key) is not None]
            for key in gone:
                self._records.drop(self._owner, key)
        return len(there)

    def scan(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, Record]]:
        """Return up to ``limit`` records whose key starts with ``prefix``, past ``after``."""
        past, most = checked_prefix(after), checked_limit(limit)
        with self._records.lock:
            rows = self._records.rows(self._owner, checked_prefix(prefix))
        return [(key, decoded(text)) for key, text in rows if key > past][:most]

    def count(self, prefix: str) -> int:
        """Count the unexpired records whose key starts with ``prefix``."""
        with self._records.lock:
            return len(self._records.rows(self._owner, checked_prefix(prefix)))
