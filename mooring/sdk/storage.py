"""Where does an app keep its data? ``settings``, ``secrets``, ``kv_store``, ``shared_kv_store``.

Every store finds the present call's port at call time. Plain methods block; the twin with an ``a``
in front runs the same call in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mooring.sdk.calling import refuse_on_loop
from mooring.sdk.context import Services, current, services_of_installation
from mooring.sdk.ports import KeyValueStore, Record, RecordStore, Updater
from mooring.sdk.records import as_record, checked_key, checked_secret_key, checked_ttl


class RecordFacade:
    """Whole records by key, owned by the present installation."""

    def __init__(
        self,
        name: str,
        port: Callable[[Services], RecordStore],
        *,
        key: Callable[[str], str] = checked_key,
    ) -> None:
        self._name = name
        self._port = port
        self._key = key

    def get(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Return the record, or ``{}``; with ``fields`` only those that exist."""
        return self._store("get").get(self._key(key), fields)

    async def aget(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Await ``get``."""
        return await asyncio.to_thread(self.get, key, fields)

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> bool:
        """Replace the record and its expiry; ``ttl`` in seconds."""
        store = self._store("put")
        return store.put(self._key(key), as_record(key, value), ttl=checked_ttl(key, ttl))

    async def aput(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> bool:
        """Await ``put``."""
        return await asyncio.to_thread(self.put, key, value, ttl=ttl)

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge at the top level, or apply an updater atomically; return the previous record.

        An updater may run several times. Without ``ttl`` the expiry stays.
        """
        store = self._store("patch")
        return store.patch(self._key(key), _change(key, change), ttl=checked_ttl(key, ttl))

    async def apatch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Await ``patch``."""
        return await asyncio.to_thread(self.patch, key, change, ttl=ttl)

    def delete(self, key: str, fields: Sequence[str] | None = None) -> bool:
        """Remove the record, or only some of its fields; a missing one is no error."""
        return self._store("delete").delete(self._key(key), fields)

    async def adelete(self, key: str, fields: Sequence[str] | None = None) -> bool:
        """Await ``delete``."""
        return await asyncio.to_thread(self.delete, key, fields)

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there."""
        return self._store("exists").exists(self._key(key))

    async def aexists(self, key: str) -> bool:
        """Await ``exists``."""
        return await asyncio.to_thread(self.exists, key)

    def _store(self, method: str) -> RecordStore:
        refuse_on_loop(f"storage.{self._name}.{method}")
        return self._port(services_of_installation(f"storage.{self._name}"))


class KeyValueFacade:
    """Non-secret state: records with previous values, counters and bulk access."""

    def __init__(
        self, name: str, port: Callable[[Services], KeyValueStore], *, shared: bool = False
    ) -> None:
        self._name = name
        self._port = port
        self._shared = shared

    def get(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Return the record, or ``{}``; with ``fields`` only those that exist."""
        return self._store("get").get(checked_key(key), fields)

    async def aget(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Await ``get``."""
        return await asyncio.to_thread(self.get, key, fields)

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> Record:
        """Replace the record and its expiry (``ttl`` in seconds); return the previous record."""
        store = self._store("put")
        return store.put(checked_key(key), as_record(key, value), ttl=checked_ttl(key, ttl))

    async def aput(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> Record:
        """Await ``put``."""
        return await asyncio.to_thread(self.put, key, value, ttl=ttl)

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge at the top level, or apply an updater atomically; return the previous record.

        An updater may run several times. Without ``ttl`` the expiry stays.
        """
        store = self._store("patch")
        return store.patch(checked_key(key), _change(key, change), ttl=checked_ttl(key, ttl))

    async def apatch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Await ``patch``."""
        return await asyncio.to_thread(self.patch, key, change, ttl=ttl)

    def delete(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Remove the record (or fields of it) and return what was removed."""
        return self._store("delete").delete(checked_key(key), fields)

    async def adelete(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Await ``delete``."""
        return await asyncio.to_thread(self.delete, key, fields)

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there."""
        return self._store("exists").exists(checked_key(key))

    async def aexists(self, key: str) -> bool:
        """Await ``exists``."""
        return await asyncio.to_thread(self.exists, key)

    def increment(
        self, key: str, field: str, amount: float = 1, *, ttl: float | None = None
    ) -> float:
        """Add to a number atomically and return the new value; a missing one starts at 0.

        Raises RecordInvalid when the field holds something else.
        """
        store = self._store("increment")
        return store.increment(checked_key(key), field, amount, ttl=checked_ttl(key, ttl))

    async def aincrement(
        self, key: str, field: str, amount: float = 1, *, ttl: float | None = None
    ) -> float:
        """Await ``increment``."""
        return await asyncio.to_thread(self.increment, key, field, amount, ttl=ttl)

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist among ``keys``."""
        return self._store("get_many").get_many([checked_key(key) for key in keys])

    async def aget_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Await ``get_many``."""
        return await asyncio.to_thread(self.get_many, keys)

    def put_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace many records in one transaction."""
        store = self._store("put_many")
        store.put_many({checked_key(key): as_record(key, value) for key, value in records.items()})

    async def aput_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Await ``put_many``."""
        await asyncio.to_thread(self.put_many, records)

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove many records in one transaction; return how many were there."""
        return self._store("delete_many").delete_many([checked_key(key) for key in keys])

    async def adelete_many(self, keys: Sequence[str]) -> int:
        """Await ``delete_many``."""
        return await asyncio.to_thread(self.delete_many, keys)

    def scan(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, Record]]:
        """Return up to ``limit`` records whose key starts with ``prefix``, in key order."""
        return self._store("scan").scan(prefix, after=after, limit=limit)

    async def ascan(
        self, prefix: str, *, after: str = "", limit: int = 1000
    ) -> list[tuple[str, Record]]:
        """Await ``scan``."""
        return await asyncio.to_thread(self.scan, prefix, after=after, limit=limit)

    def count(self, prefix: str) -> int:
        """Count the unexpired records whose key starts with ``prefix``."""
        return self._store("count").count(prefix)

    async def acount(self, prefix: str) -> int:
        """Await ``count``."""
        return await asyncio.to_thread(self.count, prefix)

    def _store(self, method: str) -> KeyValueStore:
        refuse_on_loop(f"storage.{self._name}.{method}")
        if self._shared:
            return self._port(current().services)
        return self._port(services_of_installation(f"storage.{self._name}"))


def _change(key: str, change: Mapping[str, Any] | Updater) -> Mapping[str, Any] | Updater:
    if callable(change):
        updater = change
        return lambda record: as_record(key, updater(record))
    return as_record(key, change)


settings = RecordFacade("settings", lambda services: services.settings)
secrets = RecordFacade("secrets", lambda services: services.secrets, key=checked_secret_key)
kv_store = KeyValueFacade("kv_store", lambda services: services.kv_store)
shared_kv_store = KeyValueFacade(
    "shared_kv_store", lambda services: services.shared_kv_store, shared=True
)
