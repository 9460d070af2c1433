"""Steps that overrun, runs that end elsewhere, and workers that hang."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mooring.adapters.watchdog import FORKED, Limits, Watch, Watchdog
from mooring.errors import DatabaseAway, LeaseLost
from mooring.model.run import Run, RunStatus
from mooring.sdk import Job, JobStatus
from mooring.sdk.job import JobInvocation
from mooring.testing.clock import START, FakeClock
from mooring.testing.memory import MemoryLog

RUN = Run("r1", 1, "shop", "local", "sync", RunStatus.RUNNING, {}, {}, 1, 1, 0, START, START)
OTHER = replace(RUN, run_id="r2", attempt=1, error="Away.")
QUICK = Limits(warn=0.05, give_up=0.2, look_every=0.01, beat_every=0.03)
PATIENT = replace(QUICK, warn=600, give_up=600)
WITHIN = 20.0


class Waiting(Job):
    """A job that may be interruptible."""

    allows = False

    def prepare(self, params: Any, status: Any = None, resuming: bool = False) -> JobStatus:
        return JobStatus()

    def perform(self, status: JobStatus) -> JobStatus:
        return status

    @property
    def is_interruptible(self) -> bool:
        return self.allows


class Rows:
    """Runs in hand, as rows: some are lost, and the database may be away."""

    def __init__(self, *lost: str) -> None:
        self.lost = set(lost)
        self.beats = 0
        self.warnings: list[tuple[str, str]] = []
        self.given_up: list[tuple[str, str, int]] = []
        self.given_back: list[tuple[str, str | None, int]] = []
        self.is_away = False

    def beat_all(self, held: Collection[Run], *, now: datetime) -> set[str]:
        self.beats += 1
        return self.owned(held)

    def owned(self, held: Collection[Run]) -> set[str]:
        if self.is_away:
            raise DatabaseAway("It is away.")
        return {run.run_id for run in held} - self.lost

    def warn(self, run: Run, warning: str) -> None:
        self._check(run)
        self.warnings.append((run.run_id, warning))

    def give_up(self, run: Run, *, now: datetime, error: str, most: int) -> Run:
        self._check(run)
        self.given_up.append((run.run_id, error, most))
        return run

    def postpone(self, run: Run, *, until: datetime, error: str | None, attempt: int) -> Run:
        self._check(run)
        self.given_back.append((run.run_id, error, attempt))
        return run

    def _check(self, run: Run) -> None:
        if run.run_id in self.lost:
            raise LeaseLost


class Bench:
    """A watchdog, what it does to rows, logs and says as its last words."""

    def __init__(self, limits: Limits, *lost: str) -> None:
        self.rows, self.log = Rows(*lost), MemoryLog()
        self.last_words: list[str] = []
        self.watchdog = Watchdog(
            self.rows,
            clock=FakeClock(),
            log=self.log,
            most_lost=3,
            leave=self.last_words.append,
            limits=limits,
        )

    def events(self) -> list[str]:
        return [line.event for line in self.log.lines]


def job(*, interruptible: bool = False) -> Waiting:
    made = Waiting(JobInvocation("r1", START))
    made.allows = interruptible
    return made


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.005)


def test_heartbeats_are_kept_while_there_is_something_to_watch() -> None:
    bench = Bench(PATIENT)
    with bench.watchdog.watching(RUN):
        until(lambda: bench.rows.beats >= 3)
    until(lambda: not [each for each in threading.enumerate() if each.name == "watchdog"])
    with bench.watchdog.watching(RUN):
        so_far = bench.rows.beats
        until(lambda: bench.rows.beats > so_far)


def test_a_step_that_overruns_is_told_once_in_the_log_and_on_the_run() -> None:
    bench = Bench(replace(QUICK, give_up=600))
    with bench.watchdog.watching(RUN) as watch:
        for _ in range(2):
            so_far = len(bench.rows.warnings)
            watch.enters(RUN, job())
            until(lambda so_far=so_far: len(bench.rows.warnings) > so_far)  # type: ignore[misc]  # bound at once
            time.sleep(0.05)
            watch.leaves()
    said = "Step 2 has taken more than 0.05 s; its worker is given up after 600 s."
    assert bench.rows.warnings == [("r1", said)] * 2
    assert bench.events() == ["job.run.step_overruns"] * 2
    assert bench.log.lines[0].fields["step"] == 2
    assert not bench.last_words


def test_time_between_steps_does_not_count() -> None:
    watch = Watch(RUN, stopping=lambda: False)
    before = watch.since
    watch.enters(RUN, job())
    within = watch.since
    watch.leaves()
    after = watch.since
    assert before is None
    assert within is not None
    assert after is None


def test_a_worker_is_given_up_with_one_run_and_gives_back_the_others() -> None:
    bench = Bench(QUICK)
    with bench.watchdog.watching(RUN) as stuck, bench.watchdog.watching(OTHER) as other:
        stuck.enters(RUN, job())
        until(lambda: bench.last_words)
        other.leaves()
    assert bench.rows.given_up[0][0::2] == ("r1", 3)
    assert bench.rows.given_up[0][1].startswith(
        "Step 2 had not ended after 0.2 s, so its worker was given up."
    )
    assert bench.rows.given_back[0] == ("r2", "Away.", 1)
    assert "job.worker.given_up" in bench.events()
    assert bench.last_words[0].startswith("The run r1 of shop sync: Step 2 had not ended")


def test_all_runs_are_given_back_when_the_process_must_end() -> None:
    bench = Bench(PATIENT, "r1")
    with bench.watchdog.watching(RUN), bench.watchdog.watching(OTHER):
        given_back = bench.watchdog.give_back_all()
    assert given_back == [RUN, OTHER]
    assert bench.rows.given_back == [("r2", "Away.", 1)]  # r1 was somebody else's already
    assert not bench.last_words


def test_a_worker_that_hangs_in_a_run_that_was_ended_is_given_up_too() -> None:
    bench = Bench(QUICK, "r1", "r2")
    with bench.watchdog.watching(RUN) as stuck, bench.watchdog.watching(OTHER):
        stuck.enters(RUN, job())
        until(lambda: bench.last_words)
    assert (bench.rows.given_up, bench.rows.given_back) == ([], [])


def test_a_job_that_is_interruptible_is_warned_and_not_given_up() -> None:
    bench = Bench(QUICK)
    with bench.watchdog.watching(RUN) as watch:
        watch.enters(RUN, job(interruptible=True))
        until(lambda: bench.rows.warnings)
        time.sleep(0.4)
        assert not watch.over.is_set()
    assert bench.rows.warnings == [("r1", "Step 2 has taken more than 0.05 s.")]
    assert not bench.last_words


def test_a_job_whose_run_has_ended_is_interrupted_as_soon_as_it_allows_it() -> None:
    bench, one = Bench(PATIENT, "r1"), job()
    with bench.watchdog.watching(RUN) as watch:
        watch.enters(RUN, one)
        until(lambda: watch.is_lost)
        time.sleep(0.05)
        assert not watch.interruption.told
        one.allows = True
        until(watch.over.is_set)
        assert watch.interruption.told


def test_a_job_is_interrupted_when_its_worker_stops() -> None:
    bench, stop = Bench(PATIENT), threading.Event()
    with bench.watchdog.watching(RUN, stopping=stop.is_set) as watch:
        watch.enters(RUN, job(interruptible=True))
        time.sleep(0.05)
        assert not watch.interruption.told
        stop.set()
        until(watch.over.is_set)


def test_between_its_steps_no_job_is_interrupted() -> None:
    watch = Watch(RUN, stopping=lambda: True)
    watch.enters(RUN, job(interruptible=True))
    watch.leaves()
    watch.interrupt_if_wanted()
    assert not watch.interruption.told


def test_a_job_that_cannot_say_whether_it_is_interruptible_is_not() -> None:
    class Broken(Waiting):
        @property
        def is_interruptible(self) -> bool:
            raise KeyError("state")

    watch = Watch(RUN, stopping=lambda: True)
    watch.enters(RUN, Broken(JobInvocation("r1", START)))
    watch.interrupt_if_wanted()
    assert not watch.interruption.told


def test_a_database_that_is_away_is_logged_once_and_looked_for_again() -> None:
    bench = Bench(PATIENT)
    bench.rows.is_away = True
    with bench.watchdog.watching(RUN) as watch:
        until(lambda: bench.rows.beats >= 3)
        assert bench.events() == ["job.run.heartbeat_failed"]
        assert not watch.is_lost
        bench.rows.is_away, so_far = False, bench.rows.beats
        until(lambda: bench.rows.beats > so_far + 1)
        bench.rows.is_away = True
        until(lambda: len(bench.events()) == 2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing can fork here")
def test_a_process_that_the_app_forked_off_does_not_come_back() -> None:
    watch = Watch(RUN, stopping=lambda: False)
    watch.enters(RUN, job())
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that threads do not come along
        child = os.fork()
    watch.leaves()
    if child == 0:  # never: it has ended
        os.write(write, b"here")
        os._exit(0)
    os.close(write)
    assert os.read(read, 4) == b""
    os.close(read)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == FORKED
