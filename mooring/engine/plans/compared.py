"""Would a job still write what was planned, from what was read? In words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from mooring.engine.plans.outgoing import digest
from mooring.model.plan import Plan


def differences(
    plan: Plan, again: Plan, *, most: int, named: Callable[[str], str] = str
) -> list[str]:
    """Say what is not as it was when the plan was made; nothing if all is.

    What was read is named as ``named`` says.
    """
    reads = (f"{named(name)} {what}" for name, what in _changed(plan.reads, again.reads))
    found = [*_kinds(plan, again), *dict.fromkeys(reads)]
    if not found and (plan.writes != again.writes or _linked(plan) != _linked(again)):
        found = ["the same writes say something else"]
    shown = list(islice(found, most))
    return [*shown, f"and {len(found) - most:,} more"] if len(found) > most else shown


def _linked(plan: Plan) -> str:
    """Spell where blanks stand: a plan that was kept has lists in the place of tuples."""
    return digest({name: [each.blanks, each.answers] for name, each in plan.linked.items()})


def _kinds(plan: Plan, again: Plan) -> list[str]:
    """Compare how much would be written."""
    before = {(e.service, e.action, e.target): e.writes for e in plan.counts}
    now = {(e.service, e.action, e.target): e.writes for e in again.counts}
    return [
        f"{action} {service} {target} would be written {now.get(kind, 0):,} times, "
        f"not {before.get(kind, 0):,}"
        for kind in dict.fromkeys([*before, *now])
        if before.get(kind, 0) != now.get(kind, 0)
        for service, action, target in [kind]
    ]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Compare what was read: answers of services, and records of the stores."""
    changed = [
        (name, "is not what it was")
        for name, found in before.items()
        if now.get(name, found) != found
    ]
    gone = [(name, "is not read any more") for name in before if name not in now]
    new = [(name, "was not read before") for name in now if name not in before]
    return [*changed, *gone, *new]
