"""Does a run of very many steps resume as quickly as one of few? No history may be read again.

A worker takes the steps and is killed; the next one resumes. What it takes to start such a worker
and to resume the run, and how much is kept of it, is compared for a run of few steps and of many.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from dataclasses import dataclass

from benchmarks.findings import Findings, Promise, as_text
from benchmarks.stepping_app import SQLITE, Stepping, stepping, until
from mooring.model.run import RunStatus

SOAK = bool(os.environ.get("MOORING_SOAK"))
FEW, MANY = 1_000, 1_000_000 if SOAK else 100_000
STEPS_AT_LEAST = 100  # a second, or something is wrong
RESUMED, RESTARTED = 21, 5
MARKS = "marks"
TIMES_RESUMED, TIMES_RESTARTED, MORE_BYTES = 1.5, 1.5, 64.0

TITLE = "Runs of many steps"
ABOUT = f"""\
A run is interrupted after {FEW:,} steps and after {MANY:,} (a million with `MOORING_SOAK=1`).
*Resumed* is from taking the run inside of a host until its next step begins (median of {RESUMED}),
*restarted* from starting `mooring serve` after a SIGKILL until its job process begins the next step
(median of {RESTARTED}). *Row* is what the database keeps of the run, *engine* what the engine
does."""


@dataclass(frozen=True, slots=True)
class _Found:
    steps: int
    resumed_ms: float
    restarted_ms: float
    row_bytes: int
    engine_bytes: int


def main() -> int:
    """Measure, print, and fail when a promise is not kept."""
    findings = measure()
    print(as_text(findings))
    return 0 if findings.are_kept else 1


def measure() -> Findings:
    """Let one run take its steps, and look after few and after many."""
    with stepping(SQLITE) as app:
        run_id = app.trigger(steps=10 * MANY, marks=str(app.folder / MARKS), first=True)
        few, many = (_found(app, run_id, steps) for steps in (FEW, MANY))
    rows = [
        (
            f"after {found.steps:,} steps",
            f"{found.resumed_ms:.1f}",
            f"{found.restarted_ms:.0f}",
            f"{found.row_bytes:,}",
            f"{found.engine_bytes:,}",
        )
        for found in (few, many)
    ]
    compared = f"after {MANY:,} steps"
    promises = (
        Promise(f"resumed {compared} × {FEW:,}", many.resumed_ms / few.resumed_ms, TIMES_RESUMED),
        Promise(
            f"restarted {compared} × {FEW:,}",
            many.restarted_ms / few.restarted_ms,
            TIMES_RESTARTED,
        ),
        Promise(f"bytes more in the row {compared}", many.row_bytes - few.row_bytes, MORE_BYTES),
    )
    return Findings(
        TITLE,
        ABOUT,
        ("", "resumed, ms", "restarted, ms", "row, bytes", "engine, bytes"),
        rows,
        promises,
    )


def _found(app: Stepping, run_id: str, steps: int) -> _Found:
    """Let the run take so many steps, then interrupt and resume it over and over."""
    with app.worker() as process:
        until(
            lambda: app.host.runs.get(run_id).steps >= steps,
            f"the run takes {steps:,} steps",
            patience=60 + steps / STEPS_AT_LEAST,
            look_every=0.05,
        )
        process.kill()
    restarted = statistics.median(_restarted(app, run_id) for _ in range(RESTARTED))
    resumed = statistics.median(_resumed(app, run_id) for _ in range(RESUMED))
    kept = _row_bytes(app, run_id), _engine_bytes(app)
    return _Found(app.host.runs.get(run_id).steps, resumed, restarted, *kept)


def _resumed(app: Stepping, run_id: str) -> float:
    """Take the run, let it take one step, and give it back."""
    before = len(app.marks(MARKS))
    began = time.time()
    app.host.jobs.execute(
        run_id, worker="benchmark", stopping=lambda: len(app.marks(MARKS)) > before
    )
    run = app.host.runs.get(run_id)
    if run.status is not RunStatus.PENDING:
        raise SystemExit(f"The run was not given back: {run.status}, {run.error}")
    return (app.marks(MARKS)[before].at - began) * 1000


def _restarted(app: Stepping, run_id: str) -> float:
    """Start what runs jobs, wait for the run's next step to be committed, and kill it."""
    before, steps = len(app.marks(MARKS)), app.host.runs.get(run_id).steps
    began = time.time()
    with app.worker() as process:
        until(lambda: app.host.runs.get(run_id).steps > steps, "the run is resumed")
        process.kill()
    return (app.marks(MARKS)[before].at - began) * 1000


def _row_bytes(app: Stepping, run_id: str) -> int:
    with closing(sqlite3.connect(app.host.home.database)) as database:
        database.row_factory = sqlite3.Row
        row = database.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return sum(len(str(value)) for value in row)


def _engine_bytes(app: Stepping) -> int:
    with closing(sqlite3.connect(app.host.home.engine)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return app.host.home.engine.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
