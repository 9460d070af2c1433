"""Runs are written, found, listed, ended and begun anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from mooring.adapters.database import Database
from mooring.adapters.repositories.runs import Runs
from mooring.errors import Conflict, NotFound, UsageError
from mooring.model.run import Run, RunStatus
from mooring.testing.clock import START, FakeClock
from tests.host.adapters.repositories.some_runs import LATER, SOON, installation, new, stands


def test_a_new_run_is_pending_with_what_it_was_given(runs: Runs) -> None:
    made = new(runs)
    assert (made.status, made.parameters, made.state) == (RunStatus.PENDING, {"full": True}, {})
    assert (made.steps, made.epoch, made.attempt) == (0, 0, 0)
    assert (made.scheduled_at, made.created_at, made.account) == (START, START, "local")
    assert runs.get(made.run_id) == made


def test_times_come_back_to_the_microsecond_and_in_utc(runs: Runs) -> None:
    moment = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
    assert runs.get(new(runs, at=moment).run_id).scheduled_at == moment


def test_a_due_time_makes_one_run(runs: Runs) -> None:
    def fire(_: int) -> Run | None:
        return runs.create(
            installation(), "sync", {}, scheduled_at=START, due_key="1/sync/2026-01-01T00:00"
        )

    with ThreadPoolExecutor(8) as pool:
        made = [run for run in pool.map(fire, range(16)) if run]
    assert len(made) == 1


def test_an_unknown_run_is_not_found(runs: Runs) -> None:
    with pytest.raises(NotFound, match="no run nowhere"):
        runs.get("nowhere")
    with pytest.raises(NotFound, match="no run nowhere"):
        runs.take("nowhere", worker="w", now=START)
    with pytest.raises(NotFound, match="no run nowhere"):
        runs.terminate("nowhere", now=START)


def test_the_first_or_the_last_characters_of_an_id_are_enough_where_they_name_one(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = iter(("3f2a0000-1", "3f2a1111-2", "beef_000-3"))
    monkeypatch.setattr("mooring.adapters.repositories.runs.uuid4", lambda: next(ids))
    first, second, third = new(runs), new(runs), new(runs)
    assert runs.named("3f2a0") == first
    assert runs.named("3F2A1111-2") == second
    assert runs.named("beef_") == runs.named("00-3") == third
    with pytest.raises(UsageError, match="Several runs begin or end with 3f2a") as raised:
        runs.named("3f2a")
    assert first.run_id in raised.value.hint
    assert second.run_id in raised.value.hint
    for unknown in ("3f2", "3f2b", "%%%%", "beefX"):
        with pytest.raises(NotFound, match=f"no run {unknown}"):
            runs.named(unknown)


def test_what_is_due_is_claimable_longest_due_first(runs: Runs) -> None:
    due, longer = new(runs, at=SOON), new(runs, at=START)
    future = new(runs, at=LATER + timedelta(seconds=1))
    running = runs.take(new(runs).run_id, worker="dead", now=START)
    ended = runs.terminate(new(runs).run_id, now=SOON)
    found = runs.claimable(now=LATER)
    assert [run.run_id for run in found] == [longer.run_id, due.run_id]
    assert {future.run_id, running.run_id, ended.run_id}.isdisjoint(run.run_id for run in found)


def test_what_was_due_when_it_was_written_does_not_wait_for_a_clock_that_was_set_back(
    runs: Runs,
) -> None:
    due, future = new(runs), new(runs, at=LATER)
    found = runs.claimable(now=START - timedelta(hours=2))
    assert [run.run_id for run in found] == [due.run_id]
    assert future.status is RunStatus.PENDING


def test_claimable_is_limited(runs: Runs) -> None:
    for _ in range(5):
        new(runs)
    assert len(runs.claimable(now=LATER, limit=3)) == 3


def test_jobs_can_be_left_out_so_that_another_is_found_behind_all_that_they_have_waiting(
    runs: Runs,
) -> None:
    for job, install_id in (("sync", 1), ("sync", 2), ("clean", 1), ("sync", 1)):
        new(runs, job, install_id=install_id)
    without = [(1, "sync"), (1, "other")]
    found = runs.claimable(now=LATER, without=without)
    assert {(run.install_id, run.job) for run in found} == {(2, "sync"), (1, "clean")}
    assert runs.claimable(now=LATER, without=[*without, (2, "sync"), (1, "clean")]) == []


def test_looking_for_what_is_due_reads_no_row_but_the_index_alone(
    sqlite_database: Database,
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, given: Any, *_: Any) -> None:
        asked.append((sql, given))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        Runs(sqlite_database).claimable(now=LATER, without=[(1, "sync")])
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    [(sql, given)] = [each for each in asked if "FROM runs" in each[0]]
    with sqlite_database.read() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all())
    assert "USING COVERING INDEX runs_pending" in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan


def test_looking_for_work_uses_the_indexes(database: Database) -> None:
    plans = {
        "runs_pending": "SELECT * FROM runs WHERE status = 'PENDING' AND "
        "(scheduled_at <= 5 OR scheduled_at <= created_at) ORDER BY scheduled_at LIMIT 50",
        "runs_running": "SELECT * FROM runs WHERE status = 'RUNNING' "
        "ORDER BY heartbeat_at LIMIT 50",
    }
    with database.write() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if database.is_postgresql:
            explain = "EXPLAIN"
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        for index, query in plans.items():
            plan = " ".join(str(row) for row in connection.execute(text(f"{explain} {query}")))
            assert index in plan


def test_running_runs_of_a_job_are_counted(runs: Runs) -> None:
    for job, install_id in (("sync", 1), ("sync", 1), ("sync", 2), ("clean", 1)):
        runs.take(new(runs, job, install_id=install_id).run_id, worker="w", now=START)
    new(runs)
    runs.terminate(runs.take(new(runs).run_id, worker="w", now=START).run_id, now=START)
    assert runs.count_running(1, "sync") == 2


@pytest.mark.parametrize("end", ["error", "terminated"])
def test_a_run_that_failed_or_was_ended_goes_on_from_its_last_state(runs: Runs, end: str) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    runs.take(taken.run_id, worker="w", now=START)
    taken = runs.take(taken.run_id, worker="w", now=START)
    runs.commit_prepared(taken, stands({"page": 4}), now=START)
    if end == "error":
        ended = runs.finish(taken, RunStatus.ERROR, now=SOON, error="Bad.")
    else:
        ended = runs.terminate(taken.run_id, now=SOON, reason="Bad.")
    again = runs.resume(taken.run_id)
    assert (again.status, again.state, again.error) == (RunStatus.PENDING, {"page": 4}, None)
    assert (again.attempt, again.workers_lost, again.epoch) == (0, 0, ended.epoch + 1)
    assert (again.completed_at, again.started_at) == (None, ended.started_at)
    # Also by a clock that has been set back since.
    assert [due.run_id for due in runs.claimable(now=START)] == [again.run_id]
    assert runs.take(again.run_id, worker="w", now=LATER).workers_lost == 0


def test_a_run_that_goes_on_or_is_done_cannot_be_resumed(runs: Runs) -> None:
    waiting = new(runs)
    with pytest.raises(Conflict, match="is PENDING: it goes on by itself"):
        runs.resume(waiting.run_id)
    taken = runs.take(waiting.run_id, worker="w", now=START)
    with pytest.raises(Conflict, match="is RUNNING: it goes on by itself"):
        runs.resume(taken.run_id)
    done = runs.complete(taken, stands({}), now=SOON)
    with pytest.raises(Conflict, match="COMPLETE: there is nothing left"):
        runs.resume(taken.run_id)
    assert runs.get(taken.run_id) == done
    with pytest.raises(NotFound):
        runs.resume("nobody")


def test_runs_are_listed_newest_first(runs: Runs, clock: FakeClock) -> None:
    first = new(runs)
    clock.advance(1)
    second = new(runs, install_id=2)
    clock.advance(1)
    third = new(runs, "clean")
    assert [run.run_id for run in runs.recent()] == [third.run_id, second.run_id, first.run_id]
    assert [run.run_id for run in runs.recent(install_id=2)] == [second.run_id]
    assert [run.run_id for run in runs.recent(job="clean")] == [third.run_id]
    assert runs.recent(app_id="other") == []
    assert len(runs.recent(limit=2)) == 2


def test_active_runs_are_those_that_have_not_ended(runs: Runs) -> None:
    pending = new(runs)
    running = runs.take(new(runs).run_id, worker="w", now=START)
    runs.terminate(new(runs).run_id, now=START)
    active = {run.run_id for run in runs.recent(active=True)}
    assert active == {pending.run_id, running.run_id}


def test_terminating_a_final_run_changes_nothing(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    ended = runs.finish(taken, RunStatus.COMPLETE, now=SOON)
    assert runs.terminate(taken.run_id, now=LATER) == ended


def test_all_active_runs_of_an_installation_can_be_ended(runs: Runs) -> None:
    new(runs)
    runs.take(new(runs).run_id, worker="w", now=START)
    other = new(runs, install_id=2)
    assert runs.terminate_all(1, now=SOON) == 2
    assert {run.status for run in runs.recent(install_id=1)} == {RunStatus.TERMINATED}
    assert runs.get(other.run_id).status is RunStatus.PENDING
