"""What does an account's ODP hold in a test? Customers, events and objects in memory.

Identity follows ODP: values of a high-confidence identifier merge profiles, values of a low one
(``vuid``) move to the profile that was meant.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mooring.errors import NotFound, RecordInvalid
from mooring.sdk.ports import Customer, CustomerPage, Record
from mooring.sdk.records import as_record

HIGH = ("email", "phone", "customer_id", "user_id", "fs_user_id")
LOW = ("vuid",)
STANDARD_KEYS = {
    "products": "product_id",
    "orders": "order_id",
    "categories": "category_id",
    "lists": "list_id",
}

NO_TIME = datetime.min.replace(tzinfo=UTC)

Pair = tuple[str, str]
Moment = tuple[datetime, int]
"""When something was written; the number orders what one moment holds."""


@dataclass(slots=True)
class Profile:
    """One customer; ``written`` holds the moment of each attribute's last write."""

    attributes: Record = field(default_factory=dict)
    written: dict[str, Moment] = field(default_factory=dict)


class MemoryOdp:
    """An ``OdpPort``; ``object_keys`` names the primary key of each object the app declares.

    ``now`` tells the time; without it, only the order of writes counts.
    """

    def __init__(
        self,
        *,
        identifiers: Sequence[str] = (),
        object_keys: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: NO_TIME,
    ) -> None:
        self._high = (*HIGH, *identifiers)
        self._object_keys = {**STANDARD_KEYS, **(object_keys or {})}
        self._now = now
        self._profiles: dict[str, Profile] = {}
        self._former: dict[str, str] = {}
        self._owners: dict[Pair, str] = {}
        self._seen: dict[Pair, Moment] = {}
        self._objects: dict[str, dict[str, Record]] = {}
        self._idempotence_ids: set[str] = set()
        self._lock = threading.RLock()
        self._writes = self._last_id = 0
        self.events: list[Record] = []

    def upsert_customers(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows ``{"attributes": {…}}``; return how many. Raises RecordInvalid.

        A bad row means that nothing is stored. None clears an attribute, never an identifier.
        """
        with self._lock:
            prepared = [self._prepared(row.get("attributes"), "A customer") for row in rows]
            for pairs, attributes in prepared:
                self._write(self._resolve(pairs), attributes)
            return len(prepared)

    def customer(self, identifier: str, value: str) -> Customer | None:
        """Return the customer with this identifier. Raises RecordInvalid for an unknown field."""
        with self._lock:
            if identifier == "zaius_id":
                customer_id: str | None = self._former.get(value, value)
            elif identifier in (*self._high, *LOW):
                customer_id = self._owners.get((identifier, _normal(identifier, value)))
            else:
                known = ", ".join((*self._high, *LOW))
                raise RecordInvalid(
                    f"{identifier} identifies nobody.", hint=f"Known identifiers: {known}."
                )
            found = customer_id is not None and customer_id in self._profiles
            return self._customer(str(customer_id)) if found else None

    def customers(self, *, after: str | None = None, limit: int = 1000) -> CustomerPage:
        """Walk all customers by id."""
        with self._lock:
            ids = [one for one in sorted(self._profiles) if after is None or one > after]
            page = tuple(self._customer(one) for one in ids[:limit])
            return CustomerPage(page, ids[limit - 1] if len(ids) > limit else None)

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Append events; return how many were new. Raises RecordInvalid."""
        with self._lock:
            if not all(event.get("type") for event in events):
                raise RecordInvalid("An event needs a type.")
            known = [self._prepared(event.get("identifiers"), "An event")[0] for event in events]
            added = 0
            for event, pairs in zip(events, known, strict=True):
                if self._is_new(event):
                    self.events.append(copy.deepcopy(dict(event)))
                    self._resolve(pairs)
                    added += 1
            return added

    def upsert_objects(self, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows of an object by primary key; None clears. Raises NotFound, RecordInvalid."""
        with self._lock:
            key = self._object_key(name)
            if any(row.get(key) in (None, "") for row in rows):
                raise RecordInvalid(f"A row of {name} needs its primary key {key}.")
            held = self._objects.setdefault(name, {})
            for row in [as_record(name, row) for row in rows]:
                merged = {**held.get(str(row[key]), {}), **row}
                held[str(row[key])] = {k: v for k, v in merged.items() if v is not None}
            return len(rows)

    def objects(self, name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
        """Return rows of an object in primary-key order. Raises NotFound."""
        with self._lock:
            self._object_key(name)
            held = self._objects.get(name, {})
            keys = [key for key in sorted(held) if after is None or key > after]
            return [copy.deepcopy(held[key]) for key in keys[:limit]]

    def everything(self) -> dict[str, Any]:
        """Return what is held: customers by an identifier, rows by object, events and how often."""
        with self._lock:
            customers = {
                self._known_as(customer_id, profile.attributes): dict(profile.attributes)
                for customer_id, profile in self._profiles.items()
            }
            objects = {name: copy.deepcopy(held) for name, held in self._objects.items() if held}
            texts = (json.dumps(event, sort_keys=True, default=str) for event in self.events)
            events = dict(Counter(texts))
        return {"customers": customers, "objects": objects, "events": events}

    def _known_as(self, customer_id: str, attributes: Mapping[str, Any]) -> str:
        names = (name for name in (*self._high, *LOW) if name in attributes)
        return next((f"{name} {attributes[name]}" for name in names), customer_id)

    def _prepared(self, given: Any, what: str) -> tuple[list[Pair], Record]:
        """Part identifiers from other attributes. Raises RecordInvalid without identifiers."""
        attributes = given if isinstance(given, Mapping) else {}
        names = (*self._high, *LOW)
        pairs = [(n, _normal(n, attributes[n])) for n in names if attributes.get(n) is not None]
        pairs = [(name, value) for name, value in pairs if value]
        if not pairs:
            raise RecordInvalid(
                f"{what} needs at least one identifier.",
                hint=f"Known identifiers: {', '.join(names)}.",
            )
        others = {name: value for name, value in attributes.items() if name not in names}
        return pairs, as_record("attributes", others)

    def _resolve(self, pairs: Sequence[Pair]) -> str:
        """Find or make the profile of these identifiers, and attach them to it."""
        high = [pair for pair in pairs if pair[0] in self._high]
        owners = sorted({self._owners[pair] for pair in high if pair in self._owners})
        if not owners:
            low = [pair for pair in pairs if pair not in high and pair in self._owners]
            low.sort(key=lambda pair: self._seen[pair], reverse=True)
            # A device seen with another person is no reason to mix up the two.
            likely = [self._owners[pair] for pair in low]
            owners = [one for one in likely if not (high and self._has_high(one))][:1]
        target = owners[0] if owners else self._new_customer()
        for other in owners[1:]:
            self._merge(other, into=target)
        for pair in pairs:
            self._attach(pair, target)
        return target

    def _attach(self, pair: Pair, target: str) -> None:
        former = self._owners.get(pair)
        self._owners[pair] = target
        self._write(target, {pair[0]: pair[1]})
        self._seen[pair] = self._profiles[target].written[pair[0]]
        if former is not None and former != target:
            self._forget(pair, self._profiles[former], former)

    def _forget(self, pair: Pair, loser: Profile, customer_id: str) -> None:
        """Let the profile that lost a value show its next latest one, if it has another."""
        name, value = pair
        if loser.attributes.get(name) != value:
            return
        del loser.attributes[name], loser.written[name]
        left = [p for p, owner in self._owners.items() if owner == customer_id and p[0] == name]
        if left:
            latest = max(left, key=lambda other: (self._seen[other], other))
            loser.attributes[name], loser.written[name] = latest[1], self._seen[latest]

    def _write(self, customer_id: str, attributes: Mapping[str, Any]) -> None:
        profile = self._profiles[customer_id]
        for name, value in attributes.items():
            if value is None:
                profile.attributes.pop(name, None)
                profile.written.pop(name, None)
            else:
                self._writes += 1
                profile.attributes[name] = value
                profile.written[name] = (self._now(), self._writes)

    def _has_high(self, customer_id: str) -> bool:
        return any(name in self._profiles[customer_id].attributes for name in self._high)

    def _merge(self, other: str, *, into: str) -> None:
        """Unite two profiles: of each attribute, the value that was written last stays."""
        loser, target = self._profiles.pop(other), self._profiles[into]
        for name, moment in loser.written.items():
            if name not in target.written or moment > target.written[name]:
                target.attributes[name] = loser.attributes[name]
                target.written[name] = moment
        self._owners = {p: into if o == other else o for p, o in self._owners.items()}
        self._former = {f: into if o == other else o for f, o in self._former.items()}
        self._former[other] = into

    def _new_customer(self) -> str:
        self._last_id += 1
        customer_id = f"{self._last_id:012}"
        self._profiles[customer_id] = Profile()
        return customer_id

    def _customer(self, customer_id: str) -> Customer:
        return Customer(customer_id, copy.deepcopy(self._profiles[customer_id].attributes))

    def _is_new(self, event: Mapping[str, Any]) -> bool:
        key = event.get("idempotence_id") or (event.get("data") or {}).get("idempotence_id")
        if key is None:
            return True
        new = str(key) not in self._idempotence_ids
        self._idempotence_ids.add(str(key))
        return new

    def _object_key(self, name: str) -> str:
        try:
            return self._object_keys[name]
        except KeyError:
            known = ", ".join(sorted(self._object_keys))
            raise NotFound(f"There is no object {name}.", hint=f"Declared: {known}.") from None


def _normal(identifier: str, value: Any) -> str:
    text = str(value).strip()
    return text.lower() if identifier == "email" else text
