"""How is one record changed so that no change is lost? The same rule in every store.

A change is read, made and written while nobody else can change the record. App code is never run
inside a transaction: an updater works on a copy, and runs again when somebody was faster.
"""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mooring.adapters.columns import storable
from mooring.errors import Conflict, RecordInvalid
from mooring.sdk.ports import Record, Updater

KEY_CHARACTERS = 512
MOST_TRIES = 2000


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds under a key."""

    record: Record
    expires_at: datetime | None


Change = Callable[[Held | None], Held | None]


class Records(ABC):
    """What all stores share; a kind of store says how to load, keep and erase one record."""

    @abstractmethod
    def _exclusive(self, key: str) -> AbstractContextManager[None]:
        """Keep others from changing the record meanwhile; store what happens inside together."""

    @abstractmethod
    def _load(self, key: str) -> Held | None:
        """Return what is held, unless it has expired."""

    @abstractmethod
    def _keep(self, key: str, held: Held) -> None:
        """Insert or replace, inside ``_exclusive``."""

    @abstractmethod
    def _erase(self, key: str) -> None:
        """Delete, inside ``_exclusive``."""

    @abstractmethod
    def _after(self, seconds: float) -> datetime:
        """Return when something expires that lives for ``seconds`` from now."""

    def get(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Return the record, or ``{}``; with ``fields`` only those that exist."""
        held = self._load(checked(key))
        return only(held.record, fields) if held else {}

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there."""
        return self._load(checked(key)) is not None

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge at the top level, or apply an updater atomically; return the previous record.

        Without ``ttl`` the expiry stays. Raises Conflict when an updater never gets its turn.
        """
        if callable(change):
            return self._update(checked(key), change, ttl)
        return self._change(key, lambda held: self._next(held, {**record_of(held), **change}, ttl))

    def _replace(self, key: str, value: Mapping[str, Any], ttl: float | None) -> Record:
        expires_at = None if ttl is None else self._after(ttl)
        return self._change(key, lambda _held: Held(dict(value), expires_at))

    def _remove(self, key: str, fields: Sequence[str] | None) -> Record:
        """Delete the record or fields of it; return what was removed."""

        def left(held: Held | None) -> Held | None:
            if held is None or fields is None:
                return None
            kept = {name: value for name, value in held.record.items() if name not in fields}
            return Held(kept, held.expires_at)

        return only(self._change(key, left), fields)

    def _change(self, key: str, change: Change) -> Record:
        """Make a change that is not app code; return the previous record."""
        with self._exclusive(checked(key)):
            before = self._load(key)
            self._write(key, before, change(before))
        return record_of(before)

    def _update(self, key: str, updater: Updater, ttl: float | None) -> Record:
        """Run app code on a copy, and write its result if the record is still the same."""
        before = self._load(key)
        for _ in range(MOST_TRIES):
            changed = updater(copy.deepcopy(record_of(before)))
            with self._exclusive(key):
                now = self._load(key)
                if now == before:
                    self._write(key, before, self._next(before, changed, ttl))
                    return record_of(before)
            before = now
        raise Conflict(
            f"The record was changed by others {MOST_TRIES} times in a row.",
            where=key,
            hint="Keep what many writers change under keys of their own.",
        )

    def _write(self, key: str, before: Held | None, after: Held | None) -> None:
        if after is not None:
            self._keep(key, after)
        elif before is not None:
            self._erase(key)

    def _next(self, held: Held | None, record: Mapping[str, Any], ttl: float | None) -> Held:
        """Make what replaces ``held``; without ``ttl`` its expiry stays."""
        kept = held.expires_at if held else None
        return Held(dict(record), kept if ttl is None else self._after(ttl))


def record_of(held: Held | None) -> Record:
    """Return the record, or an empty one."""
    return held.record if held else {}


def only(record: Record, fields: Sequence[str] | None) -> Record:
    """Return the record, cut to those of ``fields`` that it has."""
    return record if fields is None else {f: record[f] for f in fields if f in record}


def checked(key: str) -> str:
    """Return the key. Raises RecordInvalid for one that not every database can hold."""
    if not 0 < len(key) <= KEY_CHARACTERS or storable(key) != key:
        raise RecordInvalid(
            f"A key is text of 1 to {KEY_CHARACTERS} characters.", where=repr(key[:80])
        )
    return key


def encoded(key: str, value: Any, most_bytes: int) -> str:
    """Write a value as JSON. Raises RecordInvalid if it is none or too large."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        reason = "not Unicode" if isinstance(error, UnicodeError) else str(error)
        # Not "from error": the message of json names types, its cause may quote the value.
        raise RecordInvalid(f"The record is not JSON: {reason}.", where=key) from None
    if size > most_bytes:
        raise RecordInvalid(
            f"The record has {size:,} bytes; at most {most_bytes:,} are kept under one key.",
            where=key,
            hint="Split it over several keys.",
        )
    return text
