"""How does an app call a store of whole records, plainly or awaiting it?

A façade finds the present call's port at call time. Plain methods block; the twin with an ``a`` in
front runs the same call in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from mooring.sdk.calling import awaitable, refuse_on_loop
from mooring.sdk.context import Services, current, services_of_installation
from mooring.sdk.ports import AnyStore, Record, RecordStore, Updater
from mooring.sdk.records import checked_key

Port = TypeVar("Port", bound=AnyStore)


class AnyFacade(Generic[Port]):
    """What all four stores have in common: records by key."""

    def __init__(
        self,
        name: str,
        port: Callable[[Services], Port],
        *,
        key: Callable[[str], str] = checked_key,
        shared: bool = False,
    ) -> None:
        self._name = name
        self._port = port
        self._key = key
        self._shared = shared

    def get(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Return the record, or ``{}``; with ``fields`` only those of them that it has."""
        return self._store("get").get(self._key(key), fields)

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge at the top level, or apply an updater atomically; return the previous record.

        An updater gets a copy of the record (``{}`` if there is none) and returns the new one. It
        may run several times, so it must do nothing else; what it raises changes nothing. Without
        ``ttl`` the expiry stays.
        """
        return self._store("patch").patch(self._key(key), change, ttl=ttl)

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there."""
        return self._store("exists").exists(self._key(key))

    aget = awaitable(get)
    apatch = awaitable(patch)
    aexists = awaitable(exists)

    def _store(self, method: str) -> Port:
        refuse_on_loop(f"storage.{self._name}.{method}")
        if self._shared:
            return self._port(current().services)
        return self._port(services_of_installation(f"storage.{self._name}"))


class RecordFacade(AnyFacade[RecordStore]):
    """Whole records by key, owned by the present installation."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> bool:
        """Replace the record and its expiry; ``ttl`` in seconds; return True."""
        return self._store("put").put(self._key(key), value, ttl=ttl)

    def delete(self, key: str, fields: Sequence[str] | None = None) -> bool:
        """Remove the record, or only some of its fields; True, whether or not it was there."""
        return self._store("delete").delete(self._key(key), fields)

    aput = awaitable(put)
    adelete = awaitable(delete)
