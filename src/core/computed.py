"""What has been decided for a contact, and since when? Computed decisions and those of listeners.

A decision keeps the time at which it last changed; deciding the same again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

WRITTEN_STATUSES = ("running", "concluded")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision under its written names; ``at`` in epoch seconds.

    ``experiment`` is None for a flag that is delivered, ``flag`` empty for an experiment that
    stands alone. ``listened`` marks what a listener in the customer's own service saw.
    """

    flag: str
    variation: str
    enabled: bool
    experiment: str | None
    at: float
    listened: bool = False

    @property
    def key(self) -> str:
        """The experiment's key, else the flag's."""
        return self.experiment or self.flag

    def same_as(self, other: Decision) -> bool:
        """Say whether both decide the same, whenever that was."""
        return replace(self, at=other.at) == other


def to_record(decisions: Iterable[Decision], *, made_of: str = "") -> dict[str, Any]:
    """Return computed decisions as they are kept, with the fingerprint of what they rest on."""
    ordered = sorted(decisions, key=lambda each: (each.flag, each.key))
    rows = [[d.flag, d.variation, d.enabled, d.experiment, d.at] for d in ordered]
    return {"decisions": rows, "made_of": made_of}


def fingerprint(value: Any) -> str:
    """Return a short text that changes with any change of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def from_record(record: Mapping[str, Any]) -> list[Decision]:
    """Read computed decisions."""
    return [Decision(*row) for row in record.get("decisions", ())]


def dated(fresh: Iterable[Decision], *, before: Iterable[Decision]) -> list[Decision]:
    """Return fresh decisions, those that say what was said before with the time they had."""
    known = {(each.flag, each.key): each for each in before}
    found = []
    for decision in fresh:
        former = known.get((decision.flag, decision.key))
        unchanged = former is not None and decision.same_as(former)
        found.append(former if unchanged and former is not None else decision)
    return found


def listened(
    record: Mapping[str, Any],
    *,
    experiments: Mapping[str, str] = MappingProxyType({}),
    flags: Mapping[str, str] = MappingProxyType({}),
    statuses: Mapping[str, str] = MappingProxyType({}),
) -> list[Decision]:
    """Read a contact's decisions as listeners sent them, without ended experiments.

    ``experiments`` and ``flags`` map ``project:key`` to the written name where it differs,
    ``statuses`` experiments' written names to their status as far as the catalogue knows it.
    """
    found = []
    for key, given in (record.get("assignments") or {}).items():
        project_id, flag = given.get("project_id"), str(given.get("flag") or "")
        name = experiments.get(f"{project_id}:{key}", key)
        is_experiment = bool(given.get("experiment", key != flag))
        if is_experiment and statuses.get(name, WRITTEN_STATUSES[0]) not in WRITTEN_STATUSES:
            continue
        decision = Decision(
            flag=flags.get(f"{project_id}:{flag}", flag),
            variation=str(given.get("variation") or ""),
            enabled=bool(given.get("enabled")),
            experiment=name if is_experiment else None,
            at=float(given.get("decided_at") or 0),
            listened=True,
        )
        found.append(decision)
    return found
