"""Counters of what runs came to, added up by whoever looks, each end once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories import run_totals
from mooring.adapters.repositories.run_totals import Queue, RunTotals
from mooring.adapters.repositories.runs import Runs
from mooring.model.run import Run, RunStatus, Standing
from mooring.model.step_times import NONE
from mooring.testing.clock import START
from tests.host.adapters.repositories.some_runs import SOON, new


@pytest.fixture
def totals(database: Database) -> RunTotals:
    return RunTotals(database)


def taken(runs: Runs, job: str = "sync") -> Run:
    return runs.take(new(runs, job).run_id, worker="w", now=SOON)


def did(steps: int, *, failed: int = 0) -> dict[str, Any]:
    """Statistics of a run with so many steps of a second each."""
    buckets = list(NONE)
    buckets[7] = steps
    return {"step_ms_total": 1000.0 * steps, "attempts_total": failed, "step_buckets": buckets}


def stepped(runs: Runs, run: Run, steps: int, *, failed: int = 0) -> Run:
    statistics = did(steps, failed=failed)
    return runs.commit_step(run, Standing({}, "{}", statistics=statistics), now=SOON)


def test_every_end_is_counted_by_app_job_and_status(runs: Runs, totals: RunTotals) -> None:
    runs.finish(taken(runs), RunStatus.COMPLETE, now=SOON)
    runs.finish(taken(runs), RunStatus.ERROR, now=SOON, error="Odd.")
    runs.finish(taken(runs, "push"), RunStatus.COMPLETE, now=SOON)
    runs.terminate(new(runs).run_id, now=SOON)
    expected = {
        ("shop", "sync", "COMPLETE"): 1,
        ("shop", "sync", "ERROR"): 1,
        ("shop", "sync", "TERMINATED"): 1,
        ("shop", "push", "COMPLETE"): 1,
    }
    assert totals.look().ended == expected
    assert totals.look().ended == expected
    runs.finish(taken(runs), RunStatus.COMPLETE, now=SOON)
    assert totals.look().ended == {**expected, ("shop", "sync", "COMPLETE"): 2}


def test_steps_count_while_a_run_goes_on_and_once_it_has_ended(
    runs: Runs, totals: RunTotals
) -> None:
    run = stepped(runs, taken(runs), 3, failed=1)
    before = totals.look().work["shop", "sync"]
    assert (before.buckets[7], before.milliseconds, before.failures) == (3, 3000.0, 1)
    run = stepped(runs, run, 5, failed=1)
    runs.finish(run, RunStatus.COMPLETE, now=SOON)
    for _ in range(2):
        after = totals.look().work["shop", "sync"]
        assert (after.buckets[7], after.milliseconds, after.failures) == (5, 5000.0, 1)


def test_a_run_that_waits_for_another_attempt_keeps_its_steps(
    runs: Runs, totals: RunTotals
) -> None:
    run = stepped(runs, taken(runs), 2)
    runs.postpone(run, until=SOON, error="Later.", attempt=1)
    assert totals.look().work["shop", "sync"].buckets[7] == 2


def test_a_run_that_is_resumed_counts_what_it_does_since(runs: Runs, totals: RunTotals) -> None:
    run = stepped(runs, taken(runs), 2)
    runs.finish(run, RunStatus.ERROR, now=SOON, error="Odd.")
    assert totals.look().work["shop", "sync"].buckets[7] == 2
    resumed = runs.resume(run.run_id)
    assert totals.look().work["shop", "sync"].buckets[7] == 2
    again = stepped(runs, runs.take(resumed.run_id, worker="w", now=SOON), 6)
    assert totals.look().work["shop", "sync"].buckets[7] == 6
    runs.finish(again, RunStatus.COMPLETE, now=SOON)
    found = totals.look()
    assert found.work["shop", "sync"].buckets[7] == 6
    assert found.ended == {("shop", "sync", "ERROR"): 1, ("shop", "sync", "COMPLETE"): 1}


def test_a_long_history_is_added_up_look_by_look(runs: Runs, totals: RunTotals) -> None:
    for _ in range(5):
        runs.finish(taken(runs), RunStatus.COMPLETE, now=SOON)
    counts = [totals.look(limit=2).ended["shop", "sync", "COMPLETE"] for _ in range(4)]
    assert counts == [2, 4, 5, 5]


def test_several_who_look_at_once_count_each_end_once(runs: Runs, totals: RunTotals) -> None:
    for _ in range(10):
        runs.finish(stepped(runs, taken(runs), 1), RunStatus.COMPLETE, now=SOON)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: totals.look(limit=3), range(8)))
    found = totals.look()
    assert found.ended == {("shop", "sync", "COMPLETE"): 10}
    assert found.work["shop", "sync"].buckets[7] == 10


def test_a_run_that_goes_on_while_its_end_is_counted_is_counted_again_when_it_ends(
    runs: Runs, totals: RunTotals, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.finish(stepped(runs, taken(runs), 1), RunStatus.ERROR, now=SOON, error="Bad.")
    add, again = run_totals._add, []

    def add_late(*given: Any) -> None:
        runs.resume(run.run_id)
        again.append(runs.take(run.run_id, worker="w", now=SOON))
        add(*given)

    with monkeypatch.context() as patched:
        patched.setattr(run_totals, "_add", add_late)
        totals.look()
    runs.finish(stepped(runs, again[0], 2), RunStatus.COMPLETE, now=SOON)
    found = totals.look()
    assert found.ended == {("shop", "sync", "ERROR"): 1, ("shop", "sync", "COMPLETE"): 1}
    assert found.work["shop", "sync"].buckets[7] == 2


def test_statistics_of_other_classes_count_by_their_time_alone(
    runs: Runs, totals: RunTotals
) -> None:
    statistics = {"step_ms_total": 20.0, "step_buckets": [1, 2]}
    run = runs.commit_step(taken(runs), Standing({}, "{}", statistics=statistics), now=SOON)
    runs.finish(run, RunStatus.COMPLETE, now=SOON)
    found = totals.look().work["shop", "sync"]
    assert (found.buckets, found.milliseconds) == (NONE, 20.0)


def test_queues_tell_what_waits_and_since_when(runs: Runs, totals: RunTotals) -> None:
    taken(runs)
    new(runs)
    new(runs, at=START + timedelta(seconds=20))
    new(runs, "push", at=START + timedelta(hours=1))
    put_off = taken(runs, "tidy")
    runs.postpone(put_off, until=START + timedelta(seconds=30), error="Later.", attempt=1)
    assert totals.queues(SOON) == [
        Queue("shop", "push", pending=1, running=0, due_since=None),
        Queue("shop", "sync", pending=2, running=1, due_since=START),
        Queue("shop", "tidy", pending=1, running=0, due_since=START + timedelta(seconds=30)),
    ]


def test_looking_uses_the_indexes(sqlite_database: Database) -> None:
    seen: list[str] = []
    with sqlite_database.read() as connection:
        for where in (
            "completed_at IS NOT NULL AND coalesce(counted_epoch, -1) <> epoch",
            "status = 'RUNNING'",
            "status = 'PENDING'",
        ):
            asked = f"EXPLAIN QUERY PLAN SELECT * FROM runs WHERE {where}"  # noqa: S608  # the above
            plan = connection.exec_driver_sql(asked)
            seen.append(str(plan.all()[0][3]))
    assert [plan.rpartition("INDEX ")[2].split()[0] for plan in seen] == [
        *("runs_uncounted", "runs_running", "runs_pending")
    ]
