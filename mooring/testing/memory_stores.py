"""How do the stores behave without any database? As every backend must; see ``contracts``."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mooring.errors import RecordInvalid
from mooring.sdk.ports import Clock, Record, Updater


@dataclass(slots=True)
class _Row:
    record: Record
    expires_at: datetime | None


class MemoryRecords:
    """The records of any number of owners; the stores below are views of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[str, dict[str, _Row]] = {}
        self.lock = threading.RLock()

    def row(self, owner: str, key: str) -> _Row | None:
        """Return an unexpired row; an expired one is forgotten."""
        rows = self._rows.get(owner, {})
        row = rows.get(key)
        if row is not None and row.expires_at is not None and row.expires_at <= self._clock.now():
            del rows[key]
            return None
        return row

    def keep(
        self, owner: str, key: str, record: Mapping[str, Any], expiry: datetime | None
    ) -> None:
        """Write a row."""
        self._rows.setdefault(owner, {})[key] = _Row(copy.deepcopy(dict(record)), expiry)

    def drop(self, owner: str, key: str) -> None:
        """Forget a row."""
        self._rows.get(owner, {}).pop(key, None)

    def keys(self, owner: str, prefix: str) -> list[str]:
        """Return the keys of unexpired rows in code-point order."""
        return [
            key
            for key in sorted(self._rows.get(owner, {}))
            if key.startswith(prefix) and self.row(owner, key) is not None
        ]

    def expiry(self, ttl: float | None) -> datetime | None:
        """Return the moment at which a record written now expires."""
        return None if ttl is None else self._clock.now() + timedelta(seconds=ttl)


class _MemoryStore:
    """What both kinds of store share."""

    def __init__(self, records: MemoryRecords, *, owner: str = "install/1/kv") -> None:
        self._records = records
        self._owner = owner

    def get(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Return the record, or ``{}``; with ``fields`` only those that exist."""
        with self._records.lock:
            row = self._records.row(self._owner, key)
            record = copy.deepcopy(row.record) if row else {}
        return record if fields is None else {f: record[f] for f in fields if f in record}

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there."""
        with self._records.lock:
            return self._records.row(self._owner, key) is not None

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge at the top level, or apply an updater atomically; return the previous record."""
        with self._records.lock:
            previous = self.get(key)
            if callable(change):
                changed = change(copy.deepcopy(previous))
            else:
                changed = {**previous, **change}
            self._keep(key, changed, ttl)
            return previous

    def _replace(self, key: str, value: Mapping[str, Any], ttl: float | None) -> Record:
        with self._records.lock:
            previous = self.get(key)
            self._records.keep(self._owner, key, value, self._records.expiry(ttl))
            return previous

    def _remove(self, key: str, fields: Sequence[str] | None) -> Record:
        with self._records.lock:
            removed = self.get(key, fields)
            if fields is None:
                self._records.drop(self._owner, key)
            elif removed:
                left = {f: value for f, value in self.get(key).items() if f not in removed}
                self._keep(key, left, None)
            return removed

    def _keep(self, key: str, record: Mapping[str, Any], ttl: float | None) -> None:
        """Write a record; without ``ttl`` the expiry stays."""
        row = self._records.row(self._owner, key)
        kept = row.expires_at if row is not None and ttl is None else self._records.expiry(ttl)
        self._records.keep(self._owner, key, record, kept)


class MemoryRecordStore(_MemoryStore):
    """Settings or secrets of one owner."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> bool:
        """Replace the record and its expiry; ``ttl`` in seconds; return True."""
        self._replace(key, value, ttl)
        return True

    def delete(self, key: str, fields: Sequence[str] | None = None) -> bool:
        """Remove the record, or only some of its fields; True, whether or not it was there."""
        self._remove(key, fields)
        return True


class MemoryKeyValueStore(_MemoryStore):
    """Non-secret state of one owner."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> Record:
        """Replace the record and its expiry; return the previous one (``{}`` if none)."""
        return self._replace(key, value, ttl)

    def delete(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Remove the record (or fields of it) and return what was removed."""
        return self._remove(key, fields)

    def increment(
        self, key: str, field: str, amount: float = 1, *, ttl: float | None = None
    ) -> float:
        """Add to a number atomically and return the new value. Raises RecordInvalid."""
        with self._records.lock:
            record = self.get(key)
            before = record.get(field, 0)
            if isinstance(before, bool) or not isinstance(before, int | float):
                raise RecordInvalid(f"The field {field} is not a number.", where=key)
            after: float = before + amount
            self._keep(key, {**record, field: after}, ttl)
            return after

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist among ``keys``."""
        with self._records.lock:
            return {key: self.get(key) for key in keys if self.exists(key)}

    def put_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace many records in one transaction."""
        with self._records.lock:
            for key, value in records.items():
                self.put(key, value)

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove many records in one transaction; return how many were there."""
        with self._records.lock:
            there = [key for key in dict.fromkeys(keys) if self.exists(key)]
            for key in there:
                self.delete(key)
            return len(there)

    def scan(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, Record]]:
        """Return up to ``limit`` records whose key starts with ``prefix``, past ``after``."""
        with self._records.lock:
            keys = [key for key in self._records.keys(self._owner, prefix) if key > after]
            return [(key, self.get(key)) for key in keys[:limit]]

    def count(self, prefix: str) -> int:
        """Count the unexpired records whose key starts with ``prefix``."""
        with self._records.lock:
            return len(self._records.keys(self._owner, prefix))
