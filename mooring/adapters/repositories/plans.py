"""Where is a plan kept until somebody applies it? Sealed, in the database, for a day.

Whatever worker takes the run that applies it reads it there, on whichever machine. It holds what
people are, so it is sealed, and is gone when it has expired.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mooring.adapters.database import Database
from mooring.adapters.record_stores import KeyValueRecords, sweep
from mooring.adapters.repositories.short_ids import id_called
from mooring.adapters.secrets.sealing import Seal
from mooring.errors import NotFound
from mooring.model.installation import plans_owner_of
from mooring.model.plan import Plan
from mooring.sdk.ports import Clock, Record

PART = 500_000  # characters under one key
APPLIED_STAYS = 30 * 86_400.0  # seconds: so long may the run take that applies it
AT_ONCE = 1000
HEAD = "plan/"


class Plans:
    """The plans of one installation; they go with it."""

    def __init__(self, database: Database, *, install_id: int, seal: Seal, clock: Clock) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock
        self._records = KeyValueRecords(database, owner=plans_owner_of(install_id), clock=clock)

    def put(self, plan: Plan) -> None:
        """Keep a plan until it expires; what has expired goes."""
        sweep(self._database, now=self._clock.now())
        self._put(plan, seconds=(plan.expires_at - self._clock.now()).total_seconds())

    def get(self, name: str) -> Plan:
        """Return the plan with this id, or whose id begins or ends so.

        Raises NotFound, and UsageError for several.
        """
        plan_id = self._named(name)
        parts = self._records.get(_head(plan_id))["parts"]
        keys = [_part(plan_id, number) for number in range(parts)]
        found = self._records.get_many(keys)
        if len(found) < parts:
            raise _unknown(name)
        text = "".join(self._seal.open(found[key]["text"], place=key) for key in keys)
        return Plan.from_json(json.loads(text))

    def applied_by(self, plan: Plan) -> str | None:
        """Return the run that applies it, if one does."""
        run_id = self._records.get(_applied(plan.plan_id)).get("run_id")
        return None if run_id is None else str(run_id)

    def apply(self, plan: Plan, run_id: str) -> bool:
        """Note which run applies it, and keep it for that run; False if another does already."""

        def edit(record: Record) -> tuple[Record | None, bool]:
            return (None, False) if record else ({"run_id": run_id}, True)

        if not self._records.edit(_applied(plan.plan_id), edit, ttl=APPLIED_STAYS):
            return False
        held_to = replace(plan, samples=[], notifications=[], state={})  # what a run needs of it
        self._put(held_to, seconds=APPLIED_STAYS)
        return True

    def made(self, plan: Plan) -> WritesOfPlan:
        """Return which of its writes were made."""
        return WritesOfPlan(plan.plan_id, records=self._records, seal=self._seal)

    def _put(self, plan: Plan, *, seconds: float) -> None:
        text = json.dumps(plan.to_json(), separators=(",", ":"))
        parts = [text[start : start + PART] for start in range(0, len(text), PART)]
        for number, part in enumerate(parts):
            key = _part(plan.plan_id, number)
            self._records.put(key, {"text": self._seal.close(part, place=key)}, ttl=seconds)
        self._records.put(_head(plan.plan_id), {"parts": len(parts)}, ttl=seconds)

    def _named(self, name: str) -> str:
        ids = (key.removeprefix(HEAD) for key, _ in _all(self._records, HEAD))
        plan_id = id_called(ids, name.strip(), many="plans")
        if plan_id is None:
            raise _unknown(name)
        return plan_id


class WritesOfPlan:
    """Which writes of one plan were made (engine.ports.MadeWrites)."""

    def __init__(self, plan_id: str, *, records: KeyValueRecords, seal: Seal) -> None:
        self._prefix = f"made/{plan_id}/"
        self._refused = f"refused/{plan_id}"
        self._records = records
        self._seal = seal

    def made(self) -> dict[str, Mapping[str, Any]]:
        """Map the digests of those that were made to what their answers told."""
        return {
            key.removeprefix(self._prefix): json.loads(self._seal.open(record["told"], place=key))
            for key, record in _all(self._records, self._prefix)
        }

    def add(self, key: str, told: Mapping[str, Any]) -> None:
        """Note one."""
        name = self._prefix + key
        text = self._seal.close(json.dumps(dict(told)), place=name)
        self._records.put(name, {"told": text}, ttl=APPLIED_STAYS)

    def refused(self) -> str | None:
        """Return why nothing more is to be written, once a write was refused."""
        record = self._records.get(self._refused)
        return self._seal.open(record["reason"], place=self._refused) if record else None

    def refuse(self, reason: str) -> None:
        """Note that nothing more is to be written, and why."""
        text = self._seal.close(reason, place=self._refused)
        self._records.put(self._refused, {"reason": text}, ttl=APPLIED_STAYS)


def _all(records: KeyValueRecords, prefix: str) -> Iterator[tuple[str, Record]]:
    after = ""
    while page := records.scan(prefix, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1][0]


def _head(plan_id: str) -> str:
    return HEAD + plan_id


def _part(plan_id: str, number: int) -> str:
    return f"part/{plan_id}/{number:05}"


def _applied(plan_id: str) -> str:
    return f"applied/{plan_id}"


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"There is no plan {name}.",
        hint="A plan can be applied for a day. Make one: mooring jobs trigger APP_ID JOB --plan",
    )
