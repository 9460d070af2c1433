"""To which customer does a set of identifiers belong? ODP's rules, for a whole batch at once.

``H`` are the profiles that own an incoming value of high confidence, ``L`` those of low confidence.
Several H merge into the oldest. Without H, a new high value adopts the profile of its low value
unless that profile has a high value of its own: a device seen with another person is no reason to
mix up the two. Low values move to the profile that was meant.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from mooring.adapters.columns import to_micros
from mooring.adapters.odp_embedded.tables import customer, customer_alias, event, identifier

Pair = tuple[str, str]


@dataclass(slots=True)
class Profile:
    """A customer being changed; ``written`` holds microseconds by attribute."""

    number: int
    zaius_id: str
    attributes: dict[str, Any]
    written: dict[str, int]
    created_at: datetime
    updated_at: datetime
    changed: bool = False
    new: bool = False


@dataclass(slots=True)
class Batch:
    """Profiles and owners of identifiers that one batch of rows touches; flushed at its end.

    Every row has a microsecond of its own, so that of two rows the later one counts.
    """

    connection: Connection
    confidence: Mapping[str, str]
    now: datetime
    profiles: dict[int, Profile] = field(default_factory=dict)
    owners: dict[Pair, int] = field(default_factory=dict)
    _last_seen: dict[Pair, int] = field(default_factory=dict)
    _touched: set[Pair] = field(default_factory=set)
    _next: int = 0
    _merged: dict[int, int] = field(default_factory=dict)
    _moment: int = 0

    def __post_init__(self) -> None:
        """Begin at the present moment."""
        self._moment = to_micros(self.now)

    def load(self, pairs: Iterable[Pair]) -> None:
        """Read the owners of these identifiers, and their profiles."""
        wanted = json.dumps(sorted(set(pairs)), ensure_ascii=False)
        rows = self.connection.exec_driver_sql(
            "SELECT i.field, i.value, i.number, i.last_seen FROM json_each(?) AS w "
            "CROSS JOIN identifier AS i ON i.field = json_extract(w.value, '$[0]') "
            "AND i.value = json_extract(w.value, '$[1]')",
            (wanted,),
        ).all()
        for name, value, number, last_seen in rows:
            self.owners[name, value] = number
            self._last_seen[name, value] = last_seen
        self._load_profiles({row[2] for row in rows})

    def resolve(self, identifiers: Mapping[str, str]) -> Profile:
        """Find or make the profile of a row's identifiers, and attach them to it."""
        self._moment += 1
        high = [(n, v) for n, v in identifiers.items() if self.confidence[n] == "high"]
        low = [(n, v) for n, v in identifiers.items() if self.confidence[n] != "high"]
        owners = sorted({self.owners[pair] for pair in high if pair in self.owners})
        if owners:
            target = self.profiles[owners[0]]
            for other in owners[1:]:
                self._merge(self.profiles[other], target)
        else:
            target = self._by_low(low, adopts=bool(high)) or self._new()
        for pair in (*high, *low):
            self._attach(pair, target)
        return target

    def write(self, profile: Profile, attributes: Mapping[str, Any]) -> None:
        """Merge attributes into a profile; None clears one."""
        profile.changed = True
        for name, value in attributes.items():
            if value is None:
                profile.attributes.pop(name, None)
                profile.written.pop(name, None)
            else:
                profile.attributes[name] = value
                profile.written[name] = self._moment

    def number_of(self, profile: Profile) -> int:
        """Return where the profile is now: it may have been merged later in the batch."""
        number = profile.number
        while number in self._merged:
            number = self._merged[number]
        return number

    def flush(self) -> None:
        """Write everything that changed."""
        new = [p for p in self.profiles.values() if p.new]
        old = [p for p in self.profiles.values() if p.changed and not p.new]
        if new:
            self.connection.execute(customer.insert(), [self._row(p) for p in new])
        if old:
            self._update(old)
        seen = [
            (*pair, self.owners[pair], self._last_seen[pair], self._last_seen[pair])
            for pair in sorted(self._touched)
        ]
        if seen:
            self.connection.exec_driver_sql(
                "INSERT INTO identifier (field, value, number, first_seen, last_seen) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (field, value) DO UPDATE "
                "SET number = excluded.number, last_seen = excluded.last_seen",
                seen,
            )

    def _by_low(self, low: list[Pair], *, adopts: bool) -> Profile | None:
        """Find the most recently seen profile of a low value that may be the one meant."""
        seen = sorted(
            (pair for pair in low if pair in self.owners),
            key=lambda pair: self._last_seen[pair],
            reverse=True,
        )
        for pair in seen:
            profile = self.profiles[self.owners[pair]]
            if not (adopts and self._has_high(profile)):
                return profile
        return None

    def _has_high(self, profile: Profile) -> bool:
        return any(
            confidence == "high" and name in profile.attributes
            for name, confidence in self.confidence.items()
        )

    def _attach(self, pair: Pair, target: Profile) -> None:
        former = self.owners.get(pair)
        self.owners[pair] = target.number
        self._last_seen[pair] = self._moment
        self._touched.add(pair)
        if former is not None and former != target.number:
            self._forget(pair, self.profiles[former])
        self.write(target, {pair[0]: pair[1]})

    def _forget(self, pair: Pair, loser: Profile) -> None:
        """Let the profile that lost a value show its next latest one, if it has another."""
        name, value = pair
        if loser.attributes.get(name) != value:
            return
        self.write(loser, {name: None})
        mine = (identifier.c.number == loser.number) & (identifier.c.field == name)
        stored = self.connection.execute(
            select(identifier.c.value, identifier.c.last_seen).where(mine)
        )
        seen = {(name, row.value): to_micros(row.last_seen) for row in stored}
        seen |= {other: self._last_seen[other] for other in self.owners if other[0] == name}
        left = [p for p in seen if self.owners.get(p, loser.number) == loser.number]
        if left:
            latest = max(left, key=lambda other: (seen[other], other))
            loser.attributes[name], loser.written[name] = latest[1], seen[latest]

    def _merge(self, loser: Profile, target: Profile) -> None:
        """Unite two profiles: of each attribute, the value that was written last stays."""
        for name, value in loser.attributes.items():
            if loser.written.get(name, 0) > target.written.get(name, -1):
                target.attributes[name] = value
                target.written[name] = loser.written.get(name, 0)
        target.changed = True
        for pair, number in self.owners.items():
            if number == loser.number:
                self.owners[pair] = target.number
        self._merged[loser.number] = target.number
        del self.profiles[loser.number]
        self._repoint(loser, target)

    def _repoint(self, loser: Profile, target: Profile) -> None:
        """Let stored identifiers, events and former ids lead to the surviving profile."""
        for table in (identifier, event, customer_alias):
            self.connection.execute(
                update(table).where(table.c.number == loser.number).values(number=target.number)
            )
        self.connection.execute(customer.delete().where(customer.c.number == loser.number))
        self.connection.execute(
            customer_alias.insert().values(
                former_number=loser.number, zaius_id=loser.zaius_id, number=target.number
            )
        )

    def _new(self) -> Profile:
        if not self._next:
            self._next = 1 + max(
                self.connection.scalar(select(func.max(customer.c.number))) or 0,
                self.connection.scalar(select(func.max(customer_alias.c.former_number))) or 0,
            )
        made = Profile(
            number=self._next,
            zaius_id=str(secrets.randbits(62) + 1),
            attributes={},
            written={},
            created_at=self.now,
            updated_at=self.now,
            new=True,
        )
        self._next += 1
        self.profiles[made.number] = made
        return made

    def _load_profiles(self, numbers: set[int]) -> None:
        listed = func.json_each(json.dumps(sorted(numbers - self.profiles.keys())))
        wanted = select(listed.table_valued("value").c.value)
        rows = self.connection.execute(select(customer).where(customer.c.number.in_(wanted)))
        for row in rows:
            self.profiles[row.number] = Profile(**row._mapping)

    def _update(self, changed: list[Profile]) -> None:
        rows = [{"b_number": p.number, **self._row(p)} for p in changed]
        columns = ("attributes", "written", "updated_at")
        self.connection.execute(
            update(customer)
            .where(customer.c.number == bindparam("b_number"))
            .values({name: bindparam(name) for name in columns}),
            [{name: row[name] for name in (*columns, "b_number")} for row in rows],
        )

    def _row(self, profile: Profile) -> dict[str, Any]:
        return {
            "number": profile.number,
            "zaius_id": profile.zaius_id,
            "attributes": profile.attributes,
            "written": profile.written,
            "created_at": profile.created_at,
            "updated_at": self.now,
        }
