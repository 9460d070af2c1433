"""Where is a plan kept until somebody applies it? Sealed, in the database, for a day.

Whatever worker takes the run that applies it reads it there, on whichever machine. It holds what
people are, so it is sealed, and is gone when it has expired.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mooring.adapters.database import Database
from mooring.adapters.record_stores import KeyValueRecords, sweep
from mooring.adapters.secrets.sealing import Seal
from mooring.errors import NotFound
from mooring.model.installation import plans_owner_of
from mooring.model.plan import Plan
from mooring.sdk.ports import Clock, Record

PART = 500_000  # characters under one key
SHORTEST_NAME = 4  # characters of an id that may stand for it
APPLIED_STAYS = 30 * 86_400.0  # seconds: so long may the run take that applies it
MOST_NAMED = 1000


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
        """Return the plan with this id, or whose id begins so. Raises NotFound."""
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

    def made(self, plan: Plan) -> MadeWrites:
        """Return which of its writes were made."""
        return MadeWrites(plan.plan_id, records=self._records, seal=self._seal)

    def _put(self, plan: Plan, *, seconds: float) -> None:
        text = json.dumps(plan.to_json(), separators=(",", ":"))
        parts = [text[start : start + PART] for start in range(0, len(text), PART)]
        for number, part in enumerate(parts):
            key = _part(plan.plan_id, number)
            self._records.put(key, {"text": self._seal.close(part, place=key)}, ttl=seconds)
        self._records.put(_head(plan.plan_id), {"parts": len(parts)}, ttl=seconds)

    def _named(self, name: str) -> str:
        wanted = name.strip().lower()
        if len(wanted) < SHORTEST_NAME or "/" in wanted:
            raise _unknown(name)
        heads = self._records.scan(f"plan/{wanted}", limit=2)
        if len(heads) != 1:
            raise _unknown(name, several=len(heads) > 1)
        return heads[0][0].removeprefix("plan/")


class MadeWrites:
    """Which writes of one plan were made (engine.applied_services.MadeWrites)."""

    def __init__(self, plan_id: str, *, records: KeyValueRecords, seal: Seal) -> None:
        self._prefix = f"made/{plan_id}/"
        self._records = records
        self._seal = seal

    def made(self) -> dict[str, Mapping[str, Any]]:
        """Map the digests of those that were made to what their answers told."""
        found: dict[str, Mapping[str, Any]] = {}
        after = ""
        while page := self._records.scan(self._prefix, after=after, limit=MOST_NAMED):
            for key, record in page:
                told = json.loads(self._seal.open(record["told"], place=key))
                found[key.removeprefix(self._prefix)] = told
            after = page[-1][0]
        return found

    def add(self, key: str, told: Mapping[str, Any]) -> None:
        """Note one."""
        name = self._prefix + key
        text = self._seal.close(json.dumps(dict(told)), place=name)
        self._records.put(name, {"told": text}, ttl=APPLIED_STAYS)


def _head(plan_id: str) -> str:
    return f"plan/{plan_id}"


def _part(plan_id: str, number: int) -> str:
    return f"part/{plan_id}/{number:05}"


def _applied(plan_id: str) -> str:
    return f"applied/{plan_id}"


def _unknown(name: str, *, several: bool = False) -> NotFound:
    if several:
        return NotFound(f"Several plans begin with {name}.", hint="Give more of its id.")
    return NotFound(
        f"There is no plan {name}.",
        hint="A plan can be applied for a day. Make one: mooring jobs trigger APP_ID JOB --plan",
    )
