"""How does a job see its own changes while nothing is kept? Stores over stores, in memory.

What was changed is here, all else is read from below, and every record that is read from there is
told to the plan, which rests on it.
"""

from __future__ import annotations

import heapq
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, Protocol

from mooring.engine.plans.connections import TOKENS, connection
from mooring.engine.plans.outgoing import digest
from mooring.sdk.ports import Clock, KeyValueStore, Record, Updater
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

ABSENT = ""
Noting = Callable[[str, str], None]
"""Told the key of a record and the digest of what is below."""


class Below(Protocol):
    """A store that gives records with their expiry."""

    def held(self, key: str) -> Held | None:
        """Return the record with its expiry, unless it has expired."""


class Tokens(Below, Protocol):
    """A store of secrets, in which tokens are renewed."""

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge, or apply an updater; return the previous record."""


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    expires_at: datetime | None


class Overlay(Records):
    """The records of one store, as the plan would leave them."""

    most_bytes = SETTINGS_BYTES
    sets = False

    def __init__(self, below: Below, *, clock: Clock, noting: Noting) -> None:
        self._below = below
        self._clock = clock
        self._noting = noting
        self._rows: dict[str, _Row | None] = {}
        self._lock = threading.RLock()

    @property
    def changed(self) -> int:
        """How many records were written or removed."""
        return len(self._rows)

    def _exclusive(self, key: str) -> AbstractContextManager[Any]:
        return self._lock

    def _load(self, key: str) -> Held | None:
        if key in self._rows:
            row = self._alive(key)
            return None if row is None else Held(decoded(row.text), row.expires_at)
        held = self._below.held(key)
        self._note(key, None if held is None else held.record)
        return held

    def _keep(self, key: str, held: Held) -> None:
        self._rows[key] = _Row(self._text(key, held.record), held.expires_at)

    def _erase(self, key: str) -> None:
        self._rows[key] = None

    def _now(self) -> datetime:
        return self._clock.now()

    def _alive(self, key: str) -> _Row | None:
        row = self._rows[key]
        gone = row is None or (row.expires_at is not None and row.expires_at <= self._now())
        return None if gone else row

    def _text(self, key: str, record: Mapping[str, Any]) -> str:
        return encoded(key, as_map(key, record), self.most_bytes, sets=self.sets)

    def _note(self, key: str, record: Record | None) -> None:
        found = ABSENT if record is None else digest(encoded(key, record, 2**62, sets=True))
        self._noting(key, found)


class RecordOverlay(Overlay, NamedRecords):
    """Settings or secrets."""


class SecretOverlay(RecordOverlay):
    """Secrets; the tokens that a provider renews meanwhile are kept for real.

    Nothing could be read without them, and many a provider withdraws the former ones: a plan that
    forgot the new ones would disconnect the account.
    """

    def __init__(self, below: Tokens, *, clock: Clock, noting: Noting) -> None:
        super().__init__(below, clock=clock, noting=noting)
        self._tokens = below

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge, or apply an updater; return the previous record."""
        if key.startswith(TOKENS) and key not in self._rows:
            return self._tokens.patch(key, change, ttl=ttl)
        return super().patch(key, change, ttl=ttl)

    def _note(self, key: str, record: Record | None) -> None:
        if key.startswith(TOKENS):
            self._noting(key, connection(record))
        else:
            super()._note(key, record)


class KeyValueOverlay(Overlay, KeyValues):
    """Key-value records."""

    most_bytes = KEY_VALUE_BYTES
    sets = True

    def __init__(self, below: Below, *, pages: KeyValueStore, clock: Clock, noting: Noting) -> None:
        super().__init__(below, clock=clock, noting=noting)
        self._pages = pages
        self._sorted: list[str] = []

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist among ``keys``."""
        wanted = [checked_key(key) for key in keys]
        with self._lock:
            own = {key: self._alive(key) for key in wanted if key in self._rows}
        below = [key for key in wanted if key not in own]
        found = self._pages.get_many(below) if below else {}
        for key in below:
            self._note(key, found.get(key))
        mine = {key: decoded(row.text) for key, row in own.items() if row is not None}
        there = {**found, **mine}
        return {key: there[key] for key in wanted if key in there}

    def put_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace many records at once."""
        texts = {checked_key(key): self._text(key, record) for key, record in records.items()}
        with self._lock:
            self._rows.update({key: _Row(text, None) for key, text in texts.items()})

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove many records at once; return how many were there."""
        gone = [checked_key(key) for key in dict.fromkeys(keys)]
        with self._lock:
            there = self.get_many(gone)
            # What is not below either is no change.
            self._rows.update(dict.fromkeys(key for key in gone if key in there))
        return len(there)

    def scan(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, Record]]:
        """Return up to ``limit`` records whose key starts with ``prefix``, past ``after``."""
        start, past, most = checked_prefix(prefix), checked_prefix(after), checked_limit(limit)
        with self._lock:
            own = list(islice(self._own(start, past), most))
            below = self._unchanged(start, past, most)
            return list(islice(heapq.merge(own, below, key=itemgetter(0)), most))

    def count(self, prefix: str) -> int:
        """Count the unexpired records whose key starts with ``prefix``."""
        with self._lock:
            below = self._pages.count(checked_prefix(prefix))
            self._noting(f"{prefix}/count", str(below))
            covered = [key for key in self._rows if key.startswith(prefix)]
            return below - len(self._pages.get_many(covered)) + sum(1 for _ in self._own(prefix))

    def _own(self, prefix: str, after: str = "") -> Iterator[tuple[str, Record]]:
        """Yield the records that are here, in code-point order."""
        if len(self._sorted) != len(self._rows):  # keys are added, and never taken away
            self._sorted = sorted(self._rows)
        first = max(bisect_left(self._sorted, prefix), bisect_right(self._sorted, after))
        for at in range(first, len(self._sorted)):
            key = self._sorted[at]
            if not key.startswith(prefix):
                return
            if (row := self._alive(key)) is not None:
                yield key, decoded(row.text)

    def _unchanged(self, prefix: str, after: str, limit: int) -> Iterator[tuple[str, Record]]:
        """Yield the records that are below and were not changed, page by page."""
        while page := self._pages.scan(prefix, after=after, limit=limit):
            for key, record in page:
                self._note(key, record)
            yield from (each for each in page if each[0] not in self._rows)
            if len(page) < limit:
                return
            after = page[-1][0]
