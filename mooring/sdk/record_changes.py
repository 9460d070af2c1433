"""How is one record changed so that no change is lost? The same rule in every store.

A change is read, made and written while nobody else can change the record. App code is never run
inside a transaction: an updater works on a copy, and runs again when somebody was faster.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mooring.errors import Conflict, RecordInvalid
from mooring.sdk.ports import Edit, Record, T, TtlUpdater, Updater
from mooring.sdk.records import as_map, checked_key, checked_ttl

MOST_TRIES = 2000


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds under a key, or is to hold."""

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
        """Insert or replace, inside ``_exclusive``. Raises RecordInvalid."""

    @abstractmethod
    def _erase(self, key: str) -> None:
        """Delete, inside ``_exclusive``."""

    @abstractmethod
    def _now(self) -> datetime:
        """Return the time by which records expire."""

    def get(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Return the record, or ``{}``; with ``fields`` only those that exist."""
        wanted = checked_fields(key, fields)
        return only(record_of(self._load(checked_key(key))), wanted)

    def held(self, key: str) -> Held | None:
        """Return the record with its expiry, unless it has expired."""
        return self._load(checked_key(key))

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there."""
        return self._load(checked_key(key)) is not None

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge at the top level, or apply an updater atomically; return the previous record.

        Without ``ttl`` the expiry stays. Raises RecordInvalid, and Conflict when an updater never
        gets its turn.
        """
        expires = self._expiring(key, ttl)
        if callable(change):
            updater = change
            return self._update(key, lambda held: expires(held, updater(copy_of(held))))
        merged = as_map(key, change)
        return self._change(key, lambda held: expires(held, {**record_of(held), **merged}))

    def _replace(self, key: str, value: Mapping[str, Any], ttl: float | None) -> Record:
        expires = self._expiring(key, ttl)
        whole = as_map(key, value)
        return self._change(key, lambda _held: expires(None, whole))

    def _remove(self, key: str, fields: Sequence[str] | None) -> Record:
        """Delete the record or fields of it; return what was removed."""
        gone = checked_fields(key, fields)

        def left(held: Held | None) -> Held | None:
            if held is None or gone is None:
                return None
            kept = {name: value for name, value in held.record.items() if name not in gone}
            return held if len(kept) == len(held.record) else Held(kept, held.expires_at)

        return only(self._change(key, left), gone)

    def _edit(self, key: str, edit: Edit[T], ttl: float | None) -> T:
        """Make a change that answers something, in one transaction."""
        expires = self._expiring(key, ttl)
        with self._exclusive(checked_key(key)):
            before = self._load(key)
            changed, answer = edit(record_of(before))
            if changed is not None:
                self._keep(key, expires(before, changed))
        return answer

    def _patch_with_ttl(self, key: str, updater: TtlUpdater) -> Record:
        """Let an updater decide over the record and how long it lives."""

        def update(held: Held | None) -> Held:
            left = self._left(held)
            record, ttl = updater(copy_of(held), left)
            if held is not None and ttl == left:
                return Held(record, held.expires_at)
            return self._expiring(key, ttl)(None, record)

        return self._update(key, update)

    def _change(self, key: str, change: Change) -> Record:
        """Make a change that is not app code; return the previous record."""
        with self._exclusive(checked_key(key)):
            before = self._load(key)
            self._write(key, before, change(before))
        return record_of(before)

    def _update(self, key: str, update: Callable[[Held | None], Held]) -> Record:
        """Run app code on a copy, and write its result if the record is still the same."""
        before = self._load(checked_key(key))
        for _ in range(MOST_TRIES):
            after = update(before)
            with self._exclusive(key):
                now = self._load(key)
                if _same(now, before):
                    self._write(key, before, after)
                    return record_of(before)
            before = now
        raise Conflict(
            f"The record was changed by others {MOST_TRIES} times in a row.",
            where=key,
            hint="Keep what many writers change under keys of their own.",
        )

    def _write(self, key: str, before: Held | None, after: Held | None) -> None:
        if after is None:
            if before is not None:
                self._erase(key)
        elif after is not before:
            self._keep(key, after)

    def _expiring(
        self, key: str, ttl: float | None
    ) -> Callable[[Held | None, Mapping[str, Any]], Held]:
        """Return how to make what replaces a record; without ``ttl`` its expiry stays."""
        seconds = checked_ttl(key, ttl)

        def replacing(held: Held | None, record: Mapping[str, Any]) -> Held:
            if seconds is not None:
                return Held(as_map(key, record), self._now() + timedelta(seconds=seconds))
            return Held(as_map(key, record), held.expires_at if held else None)

        return replacing

    def _left(self, held: Held | None) -> float | None:
        """Return the seconds that a record has left."""
        if held is None or held.expires_at is None:
            return None
        return (held.expires_at - self._now()).total_seconds()


class NamedRecords(Records):
    """What settings and secrets answer to a change: that it was made."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> bool:
        """Replace the record and its expiry; ``ttl`` in seconds; return True."""
        self._replace(key, value, ttl)
        return True

    def delete(self, key: str, fields: Sequence[str] | None = None) -> bool:
        """Remove the record, or only some of its fields; True, whether or not it was there."""
        self._remove(key, fields)
        return True


class KeyValues(Records):
    """What key-value stores answer to a change: what was there before."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> Record:
        """Replace the record and its expiry; return the previous one (``{}`` if none)."""
        return self._replace(key, value, ttl)

    def delete(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Remove the record (or fields of it) and return what was removed."""
        return self._remove(key, fields)

    def patch_with_ttl(self, key: str, updater: TtlUpdater) -> Record:
        """Apply an updater of the record and of its ttl atomically; return the previous record."""
        return self._patch_with_ttl(key, updater)

    def edit(self, key: str, edit: Edit[T], *, ttl: float | None = None) -> T:
        """Apply an edit of ``sdk.field_edits`` in one go; return what it answers."""
        return self._edit(key, edit, ttl)


def record_of(held: Held | None) -> Record:
    """Return the record, or an empty one."""
    return held.record if held else {}


def copy_of(held: Held | None) -> Record:
    """Return a copy that app code may change."""
    return copy.deepcopy(record_of(held))


def only(record: Record, fields: Sequence[str] | None) -> Record:
    """Return the record, cut to those of ``fields`` that it has."""
    return record if fields is None else {f: record[f] for f in fields if f in record}


def checked_fields(key: str, fields: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of fields. Raises RecordInvalid for one text, which has letters."""
    if fields is None:
        return None
    if isinstance(fields, str | bytes):
        raise RecordInvalid(
            "Fields are a list of names.", where=key, hint='For one field, give a list: ["name"].'
        )
    return tuple(fields)


def _same(one: Held | None, other: Held | None) -> bool:
    """Say whether nobody changed the record, not even ``1`` into ``True`` or ``1.0``."""
    return one == other and repr(one) == repr(other)
