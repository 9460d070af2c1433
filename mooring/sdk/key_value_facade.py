"""How does an app call a key-value store: whole records, many at once, and in key order?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.sdk.calling import awaitable
from mooring.sdk.field_facade import FieldFacade
from mooring.sdk.ports import Record, TtlUpdater
from mooring.sdk.set_facade import SetFacade


class KeyValueFacade(FieldFacade, SetFacade):
    """Non-secret state: records with previous values, fields, expiry and bulk access."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> Record:
        """Replace the record and its expiry (``ttl`` in seconds); return the previous record."""
        return self._store("put").put(key, value, ttl=ttl)

    def patch_with_ttl(self, key: str, updater: TtlUpdater) -> Record:
        """Apply an updater of the record and its ttl atomically; return the previous record.

        The updater gets the record and the seconds that it has left (None: it stays), and returns
        both anew. A ttl that it hands back unchanged leaves the expiry where it is.
        """
        return self._store("patch_with_ttl").patch_with_ttl(key, updater)

    def delete(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Remove the record (or fields of it) and return what was removed."""
        return self._store("delete").delete(key, fields)

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist among ``keys``."""
        return self._store("get_many").get_many(keys)

    def put_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace many records in one transaction; they do not expire."""
        self._store("put_many").put_many(records)

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove many records in one transaction; return how many were there."""
        return self._store("delete_many").delete_many(keys)

    def scan(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, Record]]:
        """Return up to ``limit`` records whose key starts with ``prefix``, in key order."""
        return self._store("scan").scan(prefix, after=after, limit=limit)

    def count(self, prefix: str) -> int:
        """Count the unexpired records whose key starts with ``prefix``."""
        return self._store("count").count(prefix)

    aput = awaitable(put)
    apatch_with_ttl = awaitable(patch_with_ttl)
    adelete = awaitable(delete)
    aget_many = awaitable(get_many)
    aput_many = awaitable(put_many)
    adelete_many = awaitable(delete_many)
    ascan = awaitable(scan)
    acount = awaitable(count)
