"""What does an app know about customers? ODP of the installation's account, embedded or remote.

Plain calls block; the twin with an ``a`` in front runs the same call in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from mooring.sdk.calling import refuse_on_loop
from mooring.sdk.context import services_of_installation
from mooring.sdk.ports import Customer, CustomerPage, OdpPort, Record


def upsert_customers(rows: Sequence[Mapping[str, Any]]) -> int:
    """Merge rows ``{"attributes": {…}}`` (identifiers among them); return how many."""
    return _port("upsert_customers").upsert_customers(rows)


async def aupsert_customers(rows: Sequence[Mapping[str, Any]]) -> int:
    """Await ``upsert_customers``."""
    return await asyncio.to_thread(upsert_customers, rows)


def customer(identifier: str, value: str) -> Customer | None:
    """Return the customer with this identifier (``email``, …), if there is one."""
    return _port("customer").customer(identifier, value)


async def acustomer(identifier: str, value: str) -> Customer | None:
    """Await ``customer``."""
    return await asyncio.to_thread(customer, identifier, value)


def customers(*, after: str | None = None, limit: int = 1000) -> CustomerPage:
    """Walk all customers in a stable order (embedded ODP only)."""
    return _port("customers").customers(after=after, limit=limit)


async def acustomers(*, after: str | None = None, limit: int = 1000) -> CustomerPage:
    """Await ``customers``."""
    return await asyncio.to_thread(customers, after=after, limit=limit)


def send_events(events: Sequence[Mapping[str, Any]]) -> int:
    """Append events ``{type, action, identifiers, data}``; equal idempotence_id once."""
    return _port("send_events").send_events(events)


async def asend_events(events: Sequence[Mapping[str, Any]]) -> int:
    """Await ``send_events``."""
    return await asyncio.to_thread(send_events, events)


def upsert_objects(name: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Merge rows of an object by primary key; return how many."""
    return _port("upsert_objects").upsert_objects(name, rows)


async def aupsert_objects(name: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Await ``upsert_objects``."""
    return await asyncio.to_thread(upsert_objects, name, rows)


def objects(name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
    """Return rows of an object in primary-key order (embedded ODP only)."""
    return _port("objects").objects(name, after=after, limit=limit)


async def aobjects(name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
    """Await ``objects``."""
    return await asyncio.to_thread(objects, name, after=after, limit=limit)


def _port(call: str) -> OdpPort:
    refuse_on_loop(f"odp.{call}")
    return services_of_installation("odp").odp
