"""How far is a run, how fast does it go, and how long will it take? Values and words only.

A job counts as it likes, and a staged one counts anew in each stage. So the statistics of a run
hold since when it has been counting what it counts now, and from which number on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mooring.model.run import Run, RunStatus

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
NAMES = {1: "s", MINUTE: "min", HOUR: "h", DAY: "d"}
SHORTEST = 0.5  # seconds; a rate over less says nothing


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a run was at ``now``, with what can be reckoned from that."""

    done: int
    total: int | None
    unit: str
    message: str
    rate: float | None
    seconds_left: float | None

    @property
    def count(self) -> str:
        """Spell how far it is: ``1,200 of 5,000 contacts (24 %)``."""
        if self.total is None:
            return f"{self.done:,} {self.unit}".rstrip()
        share = f" ({100 * self.done // self.total} %)" if self.total > 0 else ""
        return " ".join(filter(None, [f"{self.done:,} of {self.total:,}", self.unit])) + share

    @property
    def speed(self) -> str:
        """Spell how fast it goes: ``120/s``; empty where nobody knows yet."""
        return rate_text(self.rate)

    @property
    def left(self) -> str:
        """Spell how long it will take: ``4 min left``; empty where nobody knows."""
        return "" if self.seconds_left is None else f"{duration_text(self.seconds_left)} left"

    def __str__(self) -> str:
        """Say all of it in one line."""
        return ", ".join(filter(None, [self.message, self.count, self.speed, self.left]))


def pace(run: Run, *, now: datetime) -> Pace | None:
    """Return how far a run is, by what it last said of itself; None if it never did."""
    said = run.progress
    if said is None:
        return None
    done, total = int(said["done"]), said.get("total")
    counting = run.statistics.get("counting_since")
    since = datetime.fromisoformat(counting) if counting else run.started_at
    seconds = ((run.completed_at or now) - (since or now)).total_seconds()
    gained = done - int(run.statistics.get("counting_from", 0))
    rate = gained / seconds if gained > 0 and seconds >= SHORTEST else None
    left = None
    if run.status is RunStatus.RUNNING and rate and total is not None and total >= done:
        left = (total - done) / rate
    return Pace(done, total, said.get("unit") or "", said.get("message") or "", rate, left)


def steps_rate(run: Run) -> float | None:
    """Return how many steps a run does in a second of work; None where nobody knows."""
    spent = run.statistics.get("step_ms_total") or 0
    return 1000 * run.steps / spent if run.steps and spent else None


def rate_text(rate: float | None) -> str:
    """Spell a rate in the unit in which it is a number that people can read."""
    if not rate:
        return ""
    seconds = next((each for each in (1, MINUTE) if rate * each >= 1), HOUR)
    amount = rate * seconds
    return f"{amount:,.{0 if amount >= 10 else 1}f}/{NAMES[seconds]}"


def duration_text(seconds: float) -> str:
    """Spell a span roughly: ``32 s``, ``4 min``, ``2 h 10 min``, ``3 d 4 h``."""
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{round(whole / MINUTE)} min" if whole >= 10 * MINUTE else _two(whole, MINUTE, 1)
    return _two(whole, HOUR, MINUTE) if whole < DAY else _two(whole, DAY, HOUR)


def _two(seconds: int, larger: int, smaller: int) -> str:
    first, rest = divmod(seconds, larger)
    second = rest // smaller
    return f"{first} {NAMES[larger]}" + (f" {second} {NAMES[smaller]}" if second else "")
