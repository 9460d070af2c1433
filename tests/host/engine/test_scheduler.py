"""One run per due time, whatever hosts, clocks and crashes do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.engine.scheduler import Scheduler, delay, first_due
from mooring.errors import ScheduleInvalid
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import JobSchedule, RunStatus
from mooring.testing.clock import START
from mooring.testing.memory import MemoryApp

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def scheduler(
    schedules: Schedules, runs: Runs, installations: Installations, memory_app: MemoryApp
) -> Scheduler:
    return Scheduler(schedules, runs=runs, installations=installations, log=memory_app.log)


@pytest.fixture
def hourly(installation: Installation, schedules: Schedules) -> JobSchedule:
    """A schedule that is due at START."""
    schedule = JobSchedule(
        installation.install_id, "sync", "0 * * * *", next_at=START, parameters={"full": True}
    )
    schedules.put(schedule)
    return schedule


def next_at(schedules: Schedules, schedule: JobSchedule) -> datetime | None:
    found = schedules.get(schedule.install_id, schedule.job)
    assert found is not None
    return found.next_at


def events(app: MemoryApp) -> list[str]:
    return [line.event for line in app.log.lines]


def test_the_first_due_time_lies_after_now() -> None:
    schedule = JobSchedule(1, "sync", "0 9 * * *", timezone="Europe/Zurich")
    assert first_due(schedule, START) == START + 8 * HOUR


def test_a_schedule_that_means_nothing_has_no_first_due_time() -> None:
    with pytest.raises(ScheduleInvalid):
        first_due(JobSchedule(1, "sync", "nonsense"), START)


def test_nothing_fires_before_its_time(
    scheduler: Scheduler, hourly: JobSchedule, runs: Runs
) -> None:
    assert scheduler.tick(START - SECOND) == []
    assert runs.recent() == []


def test_a_due_time_becomes_a_run_and_the_schedule_moves_on(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules, memory_app: MemoryApp
) -> None:
    [run] = scheduler.tick(START + SECOND)
    assert (run.job, run.status, run.scheduled_at) == ("sync", RunStatus.PENDING, START)
    assert run.parameters == {"full": True}
    assert next_at(schedules, hourly) == START + HOUR
    assert events(memory_app) == ["job.schedule.fired"]
    assert memory_app.log.lines[0].fields["late_ms"] == 0
    assert scheduler.tick(START + SECOND) == []


def test_how_late_a_run_was_written_is_told(
    scheduler: Scheduler, hourly: JobSchedule, memory_app: MemoryApp
) -> None:
    memory_app.clock.advance(1.5)
    [run] = scheduler.tick(memory_app.clock.now())
    assert run.created_at - run.scheduled_at == timedelta(seconds=1.5)
    assert memory_app.log.lines[0].fields["late_ms"] == 1500


def test_jitter_moves_each_installations_job_by_a_delay_of_its_own() -> None:
    delays = {
        delay(JobSchedule(install_id, job, "0 * * * *", jitter=60)).total_seconds()
        for install_id in range(200)
        for job in ("sync", "tidy")
    }
    assert delays == set(range(61))
    assert delay(JobSchedule(1, "sync", "0 * * * *")) == timedelta()


def test_a_schedule_with_jitter_fires_once_for_each_due_time_at_its_delay(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules, runs: Runs
) -> None:
    wide = (replace(hourly, job=f"job{n}", jitter=7200, overlap="allow") for n in range(100))
    # One whose delay is longer than from one due time to the next.
    spread = next(schedule for schedule in wide if delay(schedule) > HOUR)
    schedules.remove(hourly.install_id)
    late = delay(spread)
    schedules.put(replace(spread, next_at=first_due(spread, START)))
    for minute in range(0, 600, 10):
        scheduler.tick(START + minute * HOUR / 60)
    fired = sorted(run.scheduled_at for run in runs.recent())
    assert {at - late - START for at in fired} <= {hour * HOUR for hour in range(-2, 10)}
    assert {after - at for at, after in pairwise(fired)} == {HOUR}
    assert len(fired) >= 9


def test_another_jitter_does_not_fire_a_due_time_again(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules, runs: Runs
) -> None:
    [run] = scheduler.tick(START)
    runs.terminate(run.run_id, now=START)
    again = replace(hourly, jitter=600)
    schedules.put(replace(again, next_at=START + delay(again)))
    assert scheduler.tick(START + 600 * SECOND) == []
    assert next_at(schedules, hourly) == START + HOUR + delay(again)


def test_of_many_hosts_one_fires(scheduler: Scheduler, hourly: JobSchedule, runs: Runs) -> None:
    with ThreadPoolExecutor(4) as pool:
        fired = list(pool.map(lambda _: scheduler.tick(START + SECOND), range(8)))
    assert sum(map(len, fired)) == 1
    assert len(runs.recent()) == 1


def test_a_crash_between_run_and_moving_on_does_not_fire_again(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules, runs: Runs
) -> None:
    schedules.put(replace(hourly, overlap="allow"))
    scheduler.tick(START)
    schedules.put(replace(hourly, overlap="allow"))  # as if moving on had not been written
    assert scheduler.tick(START) == []
    assert len(runs.recent()) == 1
    assert next_at(schedules, hourly) == START + HOUR


def test_a_clock_that_jumps_fires_once_and_goes_on_from_there(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules, runs: Runs
) -> None:
    later = START + timedelta(days=30, minutes=5)
    assert len(scheduler.tick(later)) == 1
    assert next_at(schedules, hourly) == later + timedelta(minutes=55)
    assert scheduler.tick(later + SECOND) == []
    assert scheduler.tick(START) == []
    assert len(runs.recent()) == 1


def test_missed_times_may_be_skipped(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules, memory_app: MemoryApp
) -> None:
    schedules.put(replace(hourly, missed="skip"))
    assert scheduler.tick(START + 3 * HOUR + SECOND) == []
    assert next_at(schedules, hourly) == START + 4 * HOUR
    assert events(memory_app) == ["job.schedule.skipped"]
    assert len(scheduler.tick(START + 4 * HOUR + SECOND)) == 1


@pytest.mark.parametrize(("overlap", "fired"), [("skip", 0), ("queue", 1), ("allow", 1)])
def test_what_happens_while_the_last_run_goes_on_is_the_jobs_choice(
    overlap: str, fired: int, scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules
) -> None:
    scheduler.tick(START)
    schedules.put(replace(hourly, overlap=overlap, next_at=START + HOUR))
    assert len(scheduler.tick(START + HOUR)) == fired
    assert next_at(schedules, hourly) == START + 2 * HOUR


def test_a_run_that_has_ended_is_in_nobodys_way(
    scheduler: Scheduler, hourly: JobSchedule, runs: Runs
) -> None:
    [run] = scheduler.tick(START)
    runs.terminate(run.run_id, now=START)
    assert len(scheduler.tick(START + HOUR)) == 1


def test_a_disabled_apps_schedule_never_fires(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules
) -> None:
    schedules.put(replace(hourly, next_at=None))
    assert scheduler.tick(START + timedelta(days=400)) == []


def test_an_app_that_is_going_starts_nothing(
    scheduler: Scheduler, hourly: JobSchedule, installations: Installations, schedules: Schedules
) -> None:
    installations.set_state(hourly.install_id, InstallationState.UNINSTALLING)
    assert scheduler.tick(START) == []
    assert next_at(schedules, hourly) == START + HOUR


def test_one_bad_schedule_does_not_hold_up_the_others(
    scheduler: Scheduler, hourly: JobSchedule, schedules: Schedules, memory_app: MemoryApp
) -> None:
    orphan = replace(hourly, install_id=99, next_at=START - HOUR)
    nonsense = replace(hourly, job="odd", cron="nonsense", next_at=START - HOUR)
    schedules.put(orphan)
    schedules.put(nonsense)
    assert [run.job for run in scheduler.tick(START)] == ["sync"]
    assert next_at(schedules, orphan) is None
    assert next_at(schedules, nonsense) is None
    assert events(memory_app).count("job.schedule.stopped") == 2
