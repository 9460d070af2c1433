"""How soon is a run begun, taken over from the dead, and shared out among several workers?

Real processes, told of runs by the database alone: with SQLite the one that ``serve`` starts, with
PostgreSQL workers as on any number of machines.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks.findings import Findings, Promise, as_text
from benchmarks.stepping_app import POSTGRESQL, SQLITE, Mark, Stepping, stepping, until

TRIGGERS, DEATHS, ROUNDS = 25, 5, 3
CONCURRENCY, STEP_SECONDS, WINDOW = 8, 0.05, 5.0
FIRST_STEP_MS, TAKEN_OVER_S, TIMES_ONE = 30.0, 2.0, 1.7

TITLE = "Workers"
ABOUT = f"""\
Real processes. *First step* is from before a run is triggered inside of a host until another
process, which had nothing to do, begins its first step ({TRIGGERS} runs). *Taken over* is from a
SIGKILL until another worker begins the interrupted step again ({DEATHS} times). Workers that share
out runs have {CONCURRENCY} places each; every step waits {STEP_SECONDS * 1000:.0f} ms, and the
steps of {WINDOW:.0f} seconds are counted, with one and with two workers in turn."""


def main() -> int:
    """Measure, print, and fail when a promise is not kept."""
    findings = measure()
    print(as_text(findings))
    return 0 if findings.are_kept else 1


def measure() -> Findings:
    """Measure first steps on both kinds of database, the rest on PostgreSQL."""
    with stepping(SQLITE) as app:
        first = {SQLITE: _first_steps(app)}
    with stepping(POSTGRESQL) as app:
        first[POSTGRESQL] = _first_steps(app)
        taken_over = _taken_over(app)
    with stepping(POSTGRESQL) as app:
        rates = [_rates(app, round_) for round_ in range(ROUNDS)]
    return Findings(
        TITLE,
        ABOUT,
        ("", "median", "longest"),
        _rows(first, taken_over, rates),
        _promises(first, taken_over, rates),
    )


def _rows(
    first: dict[str, list[float]], taken_over: list[float], rates: list[tuple[float, float]]
) -> list[tuple[str, ...]]:
    rows = [_row(f"{name}: first step, ms", found) for name, found in first.items()]
    rows.append(_row("a dead worker's run taken over, ms", taken_over))
    for number, counts in enumerate(zip(*rates, strict=True), 1):
        workers = f"{number} worker{'s' if number > 1 else ''}"
        rows.append(_row(f"steps a second, {workers}", list(counts)))
    return rows


def _row(name: str, found: list[float]) -> tuple[str, ...]:
    return name, f"{statistics.median(found):,.0f}", f"{max(found):,.0f}"


def _promises(
    first: dict[str, list[float]], taken_over: list[float], rates: list[tuple[float, float]]
) -> list[Promise]:
    promises = [
        Promise(f"{name}: first step, median, ms", statistics.median(found), FIRST_STEP_MS)
        for name, found in first.items()
    ]
    promises.append(
        Promise("a dead worker's run taken over, longest, s", max(taken_over) / 1000, TAKEN_OVER_S)
    )
    times = statistics.median(two / one for one, two in rates)
    promises.append(Promise("two workers × one", times, TIMES_ONE, at_least=True))
    return promises


def _first_steps(app: Stepping) -> list[float]:
    """Return the milliseconds from triggering a run to its first step, in another process."""
    taken = []
    wait = random.Random(5)  # noqa: S311  # so that no look of the worker's is in step with us
    with app.worker():
        for number in range(TRIGGERS + 1):
            began = time.time()
            run_id = app.trigger(steps=1, marks=str(app.folder / f"first{number}"))
            until(partial(_has_ended, app, run_id), "the run ends")
            (mark,) = app.marks(f"first{number}")
            if number:  # the first one waits until the worker is up and has loaded the app
                taken.append((mark.at - began) * 1000)
            time.sleep(0.2 + wait.random() / 4)
    return taken


def _has_ended(app: Stepping, run_id: str) -> bool:
    return app.host.runs.get(run_id).status.final


def _taken_over(app: Stepping) -> list[float]:
    """Return the milliseconds from a worker's death until another begins its step again."""
    return [_death(app, number) for number in range(DEATHS)]


def _death(app: Stepping, number: int) -> float:
    name = f"death{number}"
    with _working(app, 2, name=f"before-{name}") as workers:
        run_id = app.trigger(steps=10_000, seconds=0.02, marks=str(app.folder / name))
        until(lambda: len(app.marks(name)) > 5, "the run has begun")
        owner = app.marks(name)[0].pid
        workers[owner].kill()
        died = time.time()
        until(lambda: _by_others(app.marks(name), owner), "another worker takes over")
        app.host.runs.terminate(run_id, now=app.host.clock.now())
        return (_by_others(app.marks(name), owner)[0].at - died) * 1000


def _by_others(marks: list[Mark], owner: int) -> list[Mark]:
    return [mark for mark in marks if mark.pid != owner]


def _rates(app: Stepping, round_: int) -> tuple[float, float]:
    """Return the steps a second of one worker, and of two."""
    return _rate(app, 1, round_), _rate(app, 2, round_)


def _rate(app: Stepping, workers: int, round_: int) -> float:
    """Count what is committed while every place is taken."""
    options = ("--concurrency", str(CONCURRENCY))
    with _working(app, workers, *options, name=f"rate{workers}-{round_}"):
        count = workers * CONCURRENCY
        run_ids = [app.trigger(steps=10_000, seconds=STEP_SECONDS) for _ in range(count)]
        until(lambda: all(app.host.runs.get(one).steps for one in run_ids), "all runs have begun")
        before, began = _steps(app, run_ids), time.monotonic()
        time.sleep(WINDOW)
        rate = (_steps(app, run_ids) - before) / (time.monotonic() - began)
        for run_id in run_ids:
            app.host.runs.terminate(run_id, now=app.host.clock.now())
    return rate


def _steps(app: Stepping, run_ids: list[str]) -> int:
    return sum(app.host.runs.get(run_id).steps for run_id in run_ids)


@contextmanager
def _working(
    app: Stepping, count: int, *options: str, name: str
) -> Iterator[dict[int, subprocess.Popen[bytes]]]:
    """Start workers and wait until each of them has run something; give them by process id."""
    with ExitStack() as closing:
        processes = [closing.enter_context(app.worker(*options)) for _ in range(count)]
        workers = {process.pid: process for process in processes}

        def all_have_run() -> bool:
            app.trigger(steps=1, seconds=0.1, marks=str(app.folder / name))
            time.sleep(0.1)
            return workers.keys() <= {mark.pid for mark in app.marks(name)}

        until(all_have_run, "every worker runs something")
        active = app.host.runs.recent
        until(lambda: not active(active=True), "nothing is left to run")
        yield workers


if __name__ == "__main__":
    sys.exit(main())
