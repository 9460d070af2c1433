"""How long do 10,000 five-field schedules take to be read and to find their next time?

croniter does the same in the same run, in turn with us; the ratio of the medians is what counts.
Both have to name the same times, or neither time means anything.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from croniter import croniter  # type: ignore[import-untyped]  # ships no types

from benchmarks.findings import Findings, Promise, as_text
from mooring.engine.schedule import parse_schedule

SCHEDULES = 10_000
ROUNDS = 5
ALLOWED = 1.5  # × croniter
NOW = datetime(2026, 11, 25, 11, 7, tzinfo=UTC)
SPANS = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6))

Times = list[datetime | None]


def main() -> int:
    """Measure, print, and fail when it takes too long."""
    findings = measure()
    print(as_text(findings))
    return 0 if findings.are_kept else 1


def measure() -> Findings:
    """Time both in turn, round by round."""
    expressions = drawn(SCHEDULES)
    taken: dict[Callable[[list[str]], Times], list[float]] = {ours: [], theirs: []}
    answers = {}
    for _ in range(ROUNDS):
        for finder, times in taken.items():
            started = time.perf_counter()
            answers[finder] = finder(expressions)
            times.append(time.perf_counter() - started)
    assert answers[ours] == answers[theirs], "the two disagree on when schedules fire"
    mine, other = (statistics.median(taken[finder]) for finder in (ours, theirs))
    per = 1e6 / SCHEDULES
    return Findings(
        "Schedules",
        f"{SCHEDULES:,} five-field schedules are read and find their next time; medians of "
        f"{ROUNDS} rounds. Both name the same times.",
        ("", "seconds", "µs a schedule"),
        [
            ("mooring", f"{mine:.2f}", f"{mine * per:.1f}"),
            ("croniter", f"{other:.2f}", f"{other * per:.1f}"),
        ],
        [Promise("time × croniter", mine / other, ALLOWED)],
    )


def ours(expressions: list[str]) -> Times:
    """Read each expression and find its next time."""
    return [parse_schedule(expression).next_after(NOW) for expression in expressions]


def theirs(expressions: list[str]) -> Times:
    """Do the same with croniter; its "bug" is cron's own rule for the day fields, which is ours."""
    return [
        croniter(expression, NOW, implement_cron_bug=True).get_next(datetime)
        for expression in expressions
    ]


def drawn(count: int) -> list[str]:
    """Draw schedules of all kinds, the same ones every time."""
    chance = random.Random(3)  # noqa: S311  # reproducible, not secret
    return [" ".join(_field(chance, low, high) for low, high in SPANS) for _ in range(count)]


def _field(chance: random.Random, low: int, high: int) -> str:
    early, late = sorted(chance.sample(range(low, high + 1), 2))
    step = chance.randint(2, max(2, (high - low) // 2))
    kinds = (
        "*",
        "*",
        "*",
        f"{early}",
        f"{late}",
        f"*/{step}",
        f"{early}-{late}",
        f"{early},{late}",
    )
    return chance.choice([*kinds, f"{early}-{late}", f"{early},{late}"])


if __name__ == "__main__":
    sys.exit(main())
