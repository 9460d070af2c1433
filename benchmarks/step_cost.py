"""What does a committed step cost? Against a bare UPDATE … COMMIT in the same database.

Both change the state in a row of the same table and are durable alike, the one through the host
(call the job, check its state, commit it fenced, log the step), the other by the driver alone.
They take turns, round by round.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg

from benchmarks.findings import Findings, Promise, as_text
from benchmarks.stepping_app import (
    POSTGRESQL,
    SQLITE,
    STATE_BYTES,
    Stepping,
    state_text,
    stepping,
)
from mooring.adapters.sqlite_engine import JOURNAL_PAGES

ROUNDS, STEPS = 9, 400
WARM_UP = 3  # rounds that import, fill caches, and let SQLite's journal grow to its full length
TIMES_BARE = 3.0

TITLE = "Steps of jobs"
ABOUT = f"""\
A job that does nothing commits a state of {STATE_BYTES // 1024} KB at every step, {STEPS} steps a
round; a bare `UPDATE … COMMIT` writes the same into a row of the same table through the driver, as
durably. Medians of {ROUNDS} rounds, taken in turn."""

_Update = Callable[[str], None]


def main() -> int:
    """Measure, print, and fail when a promise is not kept."""
    findings = measure()
    print(as_text(findings))
    return 0 if findings.are_kept else 1


def measure() -> Findings:
    """Take turns in each kind of database."""
    rows, promises = [], []
    for database in (SQLITE, POSTGRESQL):
        with stepping(database) as app:
            ours, bare = _rounds(app)
        ratio = statistics.median(mine / other for mine, other in zip(ours, bare, strict=True))
        for name, found in (("step", ours), ("UPDATE … COMMIT", bare)):
            micros = statistics.median(found) / STEPS * 1e6
            rows.append((f"{database}, {name}", f"{micros:,.0f}", f"{1e6 / micros:,.0f}"))
        promises.append(Promise(f"{database}: step × UPDATE … COMMIT", ratio, TIMES_BARE))
    return Findings(TITLE, ABOUT, ("", "µs", "a second"), rows, promises)


def _rounds(app: Stepping) -> tuple[list[float], list[float]]:
    """Return the seconds of every round of ours and of the bare one, the first ones left out."""
    ours, bare = list[float](), list[float]()
    with _bare_update(app) as update:
        for round_ in range(WARM_UP + ROUNDS):
            times = _run(app), _updates(update, round_)
            if round_ >= WARM_UP:
                ours.append(times[0])
                bare.append(times[1])
    return ours, bare


def _run(app: Stepping) -> float:
    run_id = app.trigger(steps=STEPS)
    started = time.perf_counter()
    app.host.jobs.execute(run_id, worker="benchmark")
    taken = time.perf_counter() - started
    found = app.host.runs.get(run_id)
    if found.steps != STEPS or not found.status.final:
        raise SystemExit(f"The run did not take its steps: {found.status}, {found.error}")
    return taken


def _updates(update: _Update, round_: int) -> float:
    texts = [state_text(round_ * STEPS + number) for number in range(STEPS)]
    started = time.perf_counter()
    for text in texts:
        update(text)
    return time.perf_counter() - started


@contextmanager
def _bare_update(app: Stepping) -> Iterator[_Update]:
    """Give what writes a state into a row of the runs and commits it, with nothing in between."""
    run_id = app.trigger(steps=1)
    url = app.host.config.database_url
    if url is not None:
        with psycopg.connect(url, autocommit=True) as server:

            def in_postgresql(state: str) -> None:
                server.execute("UPDATE runs SET state = %s WHERE run_id = %s", (state, run_id))

            yield in_postgresql
        return
    with closing(sqlite3.connect(app.host.home.database, isolation_level=None)) as file:
        for setting in ("synchronous = FULL", f"wal_autocheckpoint = {JOURNAL_PAGES}"):
            file.execute(f"PRAGMA {setting}")  # as the host's own connections

        def in_sqlite(state: str) -> None:
            file.execute("UPDATE runs SET state = ? WHERE run_id = ?", (state, run_id))

        yield in_sqlite


if __name__ == "__main__":
    sys.exit(main())
