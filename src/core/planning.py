"""What has to be written? The difference between what is wanted and what was written last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .desired import Desired, Value, time_attributes, with_times
from .settings import Settings


def change(
    wanted: Desired, *, ledger: Mapping[str, Any], settings: Settings, at: float
) -> dict[str, Value] | None:
    """Return the complete values to write, or None if nothing but the time would differ."""
    times = time_attributes(settings)
    written = ledger.get("values") or {}
    before = {name: value for name, value in written.items() if value is not None}
    after = {name: value for name, value in wanted.values.items() if value is not None}
    managed = set(wanted.values) - times
    if {name: before[name] for name in managed if name in before} == after:
        return None
    return with_times(wanted, settings=settings, at=at)


def is_same_write(
    planned: Mapping[str, Any], refused: Mapping[str, Any], *, settings: Settings
) -> bool:
    """Whether a contact's plan is one that was refused before, but for the time."""
    times = time_attributes(settings)

    def written(plan: Mapping[str, Any]) -> Any:
        values = {n: v for n, v in (plan.get("values") or {}).items() if n not in times}
        return plan.get("email"), plan.get("id"), values

    return bool(written(planned) == written(refused))


def ledger_entry(
    before: Mapping[str, Any], values: Mapping[str, Value], *, at: float
) -> dict[str, Any]:
    """Return what the ledger says after a write; what another switch governs stays."""
    merged = {**(before.get("values") or {}), **values}
    kept = {name: value for name, value in merged.items() if value is not None}
    return {"values": kept, "at": at}
