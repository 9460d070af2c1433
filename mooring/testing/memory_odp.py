"""What does an account's ODP hold in a test? Customers, events and objects in memory.

Identity follows ODP: values of a high-confidence identifier merge profiles, values of a low one
(``vuid``) move to the profile that was meant.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from mooring.errors import NotFound, RecordInvalid
from mooring.sdk.ports import Customer, CustomerPage, Record

HIGH = ("email", "phone", "customer_id", "user_id", "fs_user_id")
LOW = ("vuid",)


class MemoryOdp:
    """An ``OdpPort``; ``object_keys`` names the primary key of each object the app declares."""

    def __init__(
        self, *, identifiers: Sequence[str] = (), object_keys: Mapping[str, str] | None = None
    ) -> None:
        self._high = (*HIGH, *identifiers)
        self._object_keys = dict(object_keys or {})
        self._customers: dict[str, Record] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._objects: dict[str, dict[str, Record]] = {}
        self._idempotence_ids: set[str] = set()
        self._lock = threading.RLock()
        self._last_id = 0
        self.events: list[Record] = []

    def upsert_customers(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows ``{"attributes": {…}}``; return how many. Raises RecordInvalid."""
        with self._lock:
            prepared = [self._attributes(row) for row in rows]
            for attributes in prepared:
                self._upsert(attributes)
            return len(prepared)

    def customer(self, identifier: str, value: str) -> Customer | None:
        """Return the customer with this identifier, if there is one."""
        with self._lock:
            customer_id = self._owners.get((identifier, _normal(identifier, value)))
            return self._customer(customer_id) if customer_id else None

    def customers(self, *, after: str | None = None, limit: int = 1000) -> CustomerPage:
        """Walk all customers by id."""
        with self._lock:
            ids = [one for one in sorted(self._customers) if after is None or one > after]
            page = tuple(self._customer(one) for one in ids[:limit])
            return CustomerPage(page, ids[limit - 1] if len(ids) > limit else None)

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Append events; return how many were new. Raises RecordInvalid."""
        with self._lock:
            for event in events:
                if not event.get("type") or not event.get("identifiers"):
                    raise RecordInvalid("An event needs a type and at least one identifier.")
            new = [event for event in events if self._is_new(event)]
            for event in new:
                self.events.append(copy.deepcopy(dict(event)))
                self._upsert(self._attributes({"attributes": event["identifiers"]}))
            return len(new)

    def upsert_objects(self, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows of an object by primary key. Raises NotFound and RecordInvalid."""
        with self._lock:
            key = self._object_key(name)
            if any(not row.get(key) for row in rows):
                raise RecordInvalid(f"A row of {name} needs its primary key {key}.")
            held = self._objects.setdefault(name, {})
            for row in rows:
                held[str(row[key])] = {**held.get(str(row[key]), {}), **copy.deepcopy(dict(row))}
            return len(rows)

    def objects(self, name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
        """Return rows of an object in primary-key order. Raises NotFound."""
        with self._lock:
            self._object_key(name)
            held = self._objects.get(name, {})
            keys = [key for key in sorted(held) if after is None or key > after]
            return [copy.deepcopy(held[key]) for key in keys[:limit]]

    def _upsert(self, attributes: Record) -> None:
        high = self._values(attributes, self._high)
        low = self._values(attributes, LOW)
        owners = sorted({self._owners[pair] for pair in high if pair in self._owners})
        if not owners:
            seen = sorted({self._owners[pair] for pair in low if pair in self._owners})
            # A device seen with another person is no reason to mix up the two.
            owners = [one for one in seen if not (high and self._has_high(one))][:1]
        target = owners[0] if owners else self._new_customer()
        for other in owners[1:]:
            self._merge(other, into=target)
        for pair in (*high, *low):
            self._owners[pair] = target
        profile = self._customers[target]
        profile.update(attributes)
        self._customers[target] = {k: v for k, v in profile.items() if v is not None}

    def _attributes(self, row: Mapping[str, Any]) -> Record:
        attributes = copy.deepcopy(dict(row.get("attributes", {})))
        for name in (*self._high, *LOW):
            if isinstance(value := attributes.get(name), str):
                attributes[name] = _normal(name, value) or None
        if not self._values(attributes, (*self._high, *LOW)):
            raise RecordInvalid(
                "A customer needs at least one identifier.",
                hint=f"Known identifiers: {', '.join((*self._high, *LOW))}.",
            )
        return attributes

    def _values(self, attributes: Record, names: Sequence[str]) -> list[tuple[str, str]]:
        return [(name, str(attributes[name])) for name in names if attributes.get(name)]

    def _has_high(self, customer_id: str) -> bool:
        return bool(self._values(self._customers[customer_id], self._high))

    def _merge(self, other: str, *, into: str) -> None:
        self._customers[into] = {**self._customers.pop(other), **self._customers[into]}
        for pair, owner in self._owners.items():
            if owner == other:
                self._owners[pair] = into

    def _new_customer(self) -> str:
        self._last_id += 1
        customer_id = f"{self._last_id:012}"
        self._customers[customer_id] = {}
        return customer_id

    def _customer(self, customer_id: str) -> Customer:
        return Customer(customer_id, copy.deepcopy(self._customers[customer_id]))

    def _is_new(self, event: Mapping[str, Any]) -> bool:
        key = event.get("idempotence_id") or event.get("data", {}).get("idempotence_id")
        if key is None:
            return True
        new = key not in self._idempotence_ids
        self._idempotence_ids.add(key)
        return new

    def _object_key(self, name: str) -> str:
        try:
            return self._object_keys[name]
        except KeyError:
            known = ", ".join(sorted(self._object_keys)) or "none"
            raise NotFound(f"There is no object {name}.", hint=f"Declared: {known}.") from None


def _normal(identifier: str, value: str) -> str:
    return value.strip().lower() if identifier == "email" else value.strip()
