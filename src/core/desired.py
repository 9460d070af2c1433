"""Which values should a contact have in Brevo? A function of what was decided, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from .computed import Decision
from .settings import Settings

Value = str | bool | None
"""What an attribute holds; None is no value."""

JOINT = ", "

# What each attribute has to be in Brevo, by the name of its setting, and which switch governs it.
EXPERIMENT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "experiment_variation": "text",
        "experiment_key": "text",
        "variation_key": "text",
        "decision_timestamp": "date",
    }
)
FLAG_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "enabled_features": "text",
        "feature_key": "text",
        "feature_enabled": "boolean",
        "flags_synced": "date",
    }
)
TIMES = ("decision_timestamp", "flags_synced")


@dataclass(frozen=True, slots=True)
class Desired:
    """Values by attribute; ``decided_at`` is the time of the latest decision, if a listener's."""

    values: Mapping[str, Value]
    decided_at: float | None


def attribute_kinds(settings: Settings) -> dict[str, str]:
    """Return the attributes that this installation writes, with their type in Brevo."""
    kinds: dict[str, str] = {}
    if settings.experiments:
        kinds |= {_name(settings, each): kind for each, kind in EXPERIMENT_KINDS.items()}
    if settings.feature_flags:
        kinds |= {_name(settings, each): kind for each, kind in FLAG_KINDS.items()}
    return kinds


def time_attributes(settings: Settings) -> set[str]:
    """Return the attributes that say when the others last changed."""
    return {_name(settings, each) for each in TIMES} & set(attribute_kinds(settings))


def desired(
    computed: Iterable[Decision], heard: Iterable[Decision], *, settings: Settings
) -> Desired:
    """Return the values of a contact, without those that say when."""
    computed, heard = list(computed), list(heard)
    current = [*_assignments(computed, heard), *(d for d in computed if d.experiment is None)]
    current += [decision for decision in heard if decision.experiment is None]
    latest = min(current, key=_by_recency, default=None)
    values: dict[str, Value] = {}
    if settings.experiments:
        values |= _experiment_values(current, latest, settings)
    if settings.feature_flags:
        values |= _flag_values(computed, latest, settings)
    return Desired(values, latest.at if latest is not None and latest.listened else None)


def _assignments(computed: list[Decision], heard: list[Decision]) -> list[Decision]:
    """Return one assignment for each experiment: the later one, a listener's before our own."""
    found: dict[str, Decision] = {}
    for decision in (*computed, *heard):
        known = found.get(decision.experiment or "")
        if decision.experiment is not None and (known is None or decision.at >= known.at):
            found[decision.experiment] = decision
    return list(found.values())


def _by_recency(decision: Decision) -> tuple[float, str, bool]:
    """Order by the change that came last; of one moment's, by key (experiments before flags)."""
    return -decision.at, decision.key, decision.experiment is None


def _experiment_values(
    current: list[Decision], latest: Decision | None, settings: Settings
) -> dict[str, Value]:
    pairs = sorted((d.experiment, d.variation) for d in current if d.experiment is not None)
    return {
        _name(settings, "experiment_variation"): _joined(f"{key}:{arm}" for key, arm in pairs),
        _name(settings, "experiment_key"): latest.key if latest else None,
        _name(settings, "variation_key"): (latest.variation or None) if latest else None,
    }


def _flag_values(
    computed: list[Decision], latest: Decision | None, settings: Settings
) -> dict[str, Value]:
    enabled = sorted(d.flag for d in computed if d.flag and d.enabled)
    return {
        _name(settings, "enabled_features"): _joined(enabled),
        _name(settings, "feature_key"): (latest.flag or None) if latest else None,
        _name(settings, "feature_enabled"): latest.enabled if latest else None,
    }


def with_times(wanted: Desired, *, settings: Settings, at: float) -> dict[str, Value]:
    """Return the values together with those that say when: the run's time, fixed beforehand."""
    times: dict[str, Value] = {}
    if settings.experiments:
        decided = at if wanted.decided_at is None else wanted.decided_at
        some = wanted.values[_name(settings, "experiment_key")] is not None
        times[_name(settings, "decision_timestamp")] = _day(decided) if some else None
    if settings.feature_flags:
        times[_name(settings, "flags_synced")] = _day(at)
    return {**wanted.values, **times}


def _joined(words: Iterable[str]) -> str | None:
    return JOINT.join(words) or None


def _day(moment: float) -> str:
    """Write a moment as Brevo's date attributes take it."""
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _name(settings: Settings, setting: str) -> str:
    return str(getattr(settings, setting)).strip().upper()
