"""The fence around runs: whoever lost one cannot write to it, and learns that it did."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.runs import Runs
from mooring.errors import LeaseLost
from mooring.model.run import Run, RunStatus, Standing
from mooring.testing.clock import START
from tests.host.adapters.repositories.some_runs import LATER, SOON, new, stands


def test_taking_a_run_raises_its_epoch(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w1", now=SOON)
    assert (taken.status, taken.epoch, taken.worker) == (RunStatus.RUNNING, 1, "w1")
    assert (taken.started_at, taken.heartbeat_at) == (SOON, SOON)


def test_a_run_taken_over_keeps_its_first_start(runs: Runs) -> None:
    run_id = new(runs).run_id
    runs.take(run_id, worker="w1", now=SOON)
    again = runs.take(run_id, worker="w2", now=LATER)
    assert (again.epoch, again.started_at, again.worker) == (2, SOON, "w2")


def test_a_step_stores_the_state(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    taken = runs.commit_step(taken, stands({"page": 1}), now=SOON)
    after = runs.commit_step(taken, stands({"page": 2, "text": "\x00"}), now=LATER)
    assert (after.state, after.steps) == ({"page": 2, "text": "\x00"}, 2)
    assert runs.get(taken.run_id) == after


@pytest.mark.parametrize("write", ["step", "prepared", "last step", "warn", "finish", "postpone"])
@pytest.mark.parametrize("loss", ["taken", "terminated", "finished", "postponed"])
def test_whoever_lost_a_run_cannot_write_to_it(runs: Runs, write: str, loss: str) -> None:
    lost = runs.take(new(runs).run_id, worker="w1", now=START)
    if loss == "taken":
        runs.take(lost.run_id, worker="w2", now=SOON)
    elif loss == "terminated":
        runs.terminate(lost.run_id, now=SOON)
    elif loss == "finished":
        runs.finish(lost, RunStatus.COMPLETE, now=SOON)
    else:
        runs.postpone(lost, until=LATER, error=None, attempt=1)
    before = runs.get(lost.run_id)
    with pytest.raises(LeaseLost, match=lost.run_id):
        write_to(runs, lost, write)
    assert runs.get(lost.run_id) == before


def write_to(runs: Runs, run: Run, write: str) -> None:
    if write == "step":
        runs.commit_step(run, stands({"page": 9}), now=LATER)
    elif write == "prepared":
        runs.commit_prepared(run, stands({"page": 9}), now=LATER)
    elif write == "last step":
        runs.complete(run, stands({"page": 9}), now=LATER)
    elif write == "warn":
        runs.warn(run, "late")
    elif write == "finish":
        runs.finish(run, RunStatus.ERROR, now=LATER, error="late")
    else:
        runs.postpone(run, until=LATER, error="late", attempt=9)


def test_of_many_takers_the_last_owns_the_run(runs: Runs) -> None:
    run_id = new(runs).run_id
    with ThreadPoolExecutor(8) as pool:
        takers = list(pool.map(lambda n: runs.take(run_id, worker=str(n), now=START), range(8)))
    assert sorted(taken.epoch for taken in takers) == list(range(1, 9))
    owners = [taken for taken in takers if runs.owned([taken])]
    assert [taken.epoch for taken in owners] == [8]


def test_a_finished_run_has_its_end_and_its_error(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    ended = runs.finish(taken, RunStatus.ERROR, now=SOON, error="bad \x00 byte \ud800")
    assert (ended.status, ended.completed_at) == (RunStatus.ERROR, SOON)
    assert ended.error == "bad \ufffd byte \ufffd"


def test_a_final_run_cannot_be_taken(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    runs.finish(taken, RunStatus.COMPLETE, now=SOON)
    with pytest.raises(LeaseLost, match="COMPLETE already"):
        runs.take(taken.run_id, worker="w2", now=LATER)


def test_a_postponed_run_waits_for_its_time(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    runs.commit_step(taken, stands({"page": 1}), now=START)
    back = runs.postpone(taken, until=LATER, error="503", attempt=2)
    assert (back.status, back.attempt, back.error) == (RunStatus.PENDING, 2, "503")
    assert (back.state, back.worker) == ({"page": 1}, None)
    assert runs.claimable(now=SOON) == []
    assert [due.run_id for due in runs.claimable(now=LATER)] == [back.run_id]


def test_a_run_can_be_taken_at_one_epoch_alone(runs: Runs) -> None:
    run_id = new(runs).run_id
    with ThreadPoolExecutor(8) as pool:
        takers = list(pool.map(lambda n: attempt(runs, run_id, worker=str(n)), range(8)))
    assert sum(taker is not None for taker in takers) == 1
    assert runs.get(run_id).epoch == 1


def attempt(runs: Runs, run_id: str, *, worker: str) -> Run | None:
    try:
        return runs.take(run_id, worker=worker, now=START, epoch=0)
    except LeaseLost:
        return None


def test_a_worker_that_is_lost_in_its_first_step_counts_and_a_step_makes_it_good(
    runs: Runs,
) -> None:
    run_id = new(runs).run_id
    assert runs.take(run_id, worker="w1", now=START).workers_lost == 0
    second = runs.take(run_id, worker="w2", now=START)
    assert (second.workers_lost, second.attempt) == (1, 0)
    runs.commit_prepared(second, stands({"page": 0}), now=START)
    third = runs.take(run_id, worker="w3", now=START)
    assert third.workers_lost == 2
    assert runs.commit_step(third, stands({"page": 1}), now=START).workers_lost == 0


def test_a_worker_that_is_lost_after_it_got_on_counts_for_nothing(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w1", now=START)
    for page in range(3):
        runs.commit_step(taken, stands({"page": page}), now=START)
        taken = runs.take(taken.run_id, worker="next", now=START)
        assert taken.workers_lost == 0
    assert runs.take(taken.run_id, worker="last", now=START).workers_lost == 1


def test_what_is_given_back_costs_no_worker(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w1", now=START)
    runs.postpone(taken, until=START, error=None, attempt=0)
    assert runs.take(taken.run_id, worker="w2", now=START).workers_lost == 0


def test_a_worker_that_is_given_up_counts_until_it_is_the_last(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w1", now=START)
    back = runs.give_up(taken, now=SOON, error="It hangs.", most=2)
    assert (back.status, back.workers_lost, back.epoch) == (RunStatus.PENDING, 1, taken.epoch + 1)
    assert (back.error, back.worker, back.completed_at) == ("It hangs.", None, None)
    again = runs.take(back.run_id, worker="w2", now=SOON)
    assert again.workers_lost == 1
    ended = runs.give_up(again, now=LATER, error="It hangs.", most=2)
    assert (ended.status, ended.workers_lost) == (RunStatus.ERROR, 2)
    assert (ended.error, ended.completed_at) == ("It hangs.", LATER)


def test_a_commit_stores_progress_and_statistics_with_the_state(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    progress = {"done": 1, "total": 3, "unit": "pages", "message": "é \x00"}
    where = Standing({"page": 1}, '{"page":1}', progress, {"step_ms_total": 0.5})
    after = runs.commit_step(taken, where, now=SOON)
    assert (after.progress, after.statistics) == (progress, {"step_ms_total": 0.5})
    assert runs.get(taken.run_id) == after
    assert runs.complete(after, stands({"page": 2}), now=LATER) == runs.get(taken.run_id)
    assert runs.get(taken.run_id).progress is None


def test_what_is_kept_in_a_larger_change_goes_with_it(runs: Runs, database: Database) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)

    def fail_after_a_step() -> None:
        with database.write():
            runs.commit_step(taken, stands({"page": 1}), now=SOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_step()
    assert runs.get(taken.run_id) == taken


def test_a_step_that_is_stored_twice_counts_once(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    after = runs.commit_step(taken, stands({"page": 1}), now=SOON)
    with pytest.raises(LeaseLost):
        runs.commit_step(taken, stands({"page": 1}), now=SOON)
    assert runs.get(taken.run_id) == after


def test_a_warning_stays_until_the_next_step(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    runs.warn(taken, "It takes long.")
    assert runs.get(taken.run_id).error == "It takes long."
    runs.commit_step(taken, stands({"page": 1}), now=SOON)
    assert runs.get(taken.run_id).error is None


def test_many_heartbeats_are_renewed_at_once_and_those_that_are_lost_are_told(runs: Runs) -> None:
    held = [runs.take(new(runs).run_id, worker="w", now=START) for _ in range(3)]
    runs.terminate(held[0].run_id, now=SOON)
    runs.take(held[1].run_id, worker="other", now=SOON)
    left = {held[2].run_id}
    assert runs.owned(held) == left
    assert runs.beat_all(held, now=LATER) == left
    assert runs.get(held[2].run_id).heartbeat_at == LATER
    assert runs.get(held[1].run_id).heartbeat_at == SOON


def test_a_postponed_run_is_taken_with_the_attempts_it_had(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    runs.postpone(taken, until=SOON, error="Away.", attempt=1)
    assert runs.take(taken.run_id, worker="w", now=SOON).attempt == 1


def test_the_state_to_begin_with_is_no_step(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    prepared = runs.commit_prepared(taken, stands({"page": 0}), now=SOON)
    assert (prepared.steps, prepared.state, prepared.heartbeat_at) == (0, {"page": 0}, SOON)


def test_the_last_step_ends_the_run_in_one(runs: Runs) -> None:
    taken = runs.take(new(runs).run_id, worker="w", now=START)
    ended = runs.complete(taken, stands({"page": 9}), now=LATER)
    assert (ended.status, ended.steps, ended.state) == (RunStatus.COMPLETE, 1, {"page": 9})
    assert ended.completed_at == LATER


@pytest.mark.parametrize("limit", [1, 3])
def test_of_many_workers_no_more_begin_runs_of_a_job_than_it_may_have(
    runs: Runs, limit: int
) -> None:
    waiting = [new(runs) for _ in range(8)]

    def begin(run: Run) -> bool:
        try:
            runs.take(run.run_id, worker=run.run_id, now=START, epoch=0, limit=limit)
        except LeaseLost:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(begin, waiting))
    assert sum(begun) == runs.count_running(1, "sync") == limit


def test_a_run_that_found_no_place_can_be_handed_over_anew_and_gets_the_next_one(
    runs: Runs,
) -> None:
    first = runs.take(new(runs).run_id, worker="w1", now=START, limit=1)
    second = new(runs)
    with pytest.raises(LeaseLost, match="waits for a place"):
        runs.take(second.run_id, worker="w2", now=START, epoch=0, limit=1)
    [again] = runs.claimable(now=SOON)
    assert (again.run_id, again.epoch) == (second.run_id, 1)
    runs.complete(first, stands({}), now=SOON)
    assert runs.take(second.run_id, worker="w2", now=SOON, epoch=1, limit=1).epoch == 2


def test_other_jobs_and_installations_take_no_place(runs: Runs) -> None:
    for job, install_id in (("sync", 1), ("sync", 2), ("clean", 1)):
        run = new(runs, job, install_id=install_id)
        assert runs.take(run.run_id, worker="w", now=START, limit=1).status is RunStatus.RUNNING


def test_a_run_that_lost_its_worker_keeps_its_place(runs: Runs) -> None:
    lost = runs.take(new(runs).run_id, worker="w1", now=START, limit=1)
    again = runs.take(lost.run_id, worker="w2", now=SOON, epoch=1, limit=1)
    assert (again.worker, again.epoch) == ("w2", 2)
