"""What does a worker do? It runs what is due, shares, and goes on with what others left."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mooring.adapters.repositories.delivery_shelf import DeliveryShelf
from mooring.adapters.tables import deliveries
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.run import JobSchedule, Run, RunStatus
from tests.host.working.conftest import (
    completed,
    ended,
    logged,
    noted,
    only_sqlite,
    until,
    worker_process,
    working,
)


def test_a_pending_run_is_executed(
    config: HostConfig, host: Host, trigger: Callable[..., Run]
) -> None:
    early = trigger(pages=2)
    with working(config):
        completed(host, early)
        began = time.monotonic()
        late = completed(host, trigger(pages=2))
        assert time.monotonic() - began < 10
    assert (late.steps, late.state) == (2, {"page": 2})


@only_sqlite
def test_a_due_schedule_starts_a_run(
    config: HostConfig, host: Host, installation: Installation, notes: Path
) -> None:
    due = host.clock.now().replace(microsecond=0)
    given = {"notes": str(notes)}
    schedule = JobSchedule(installation.install_id, "pages", "0 0 1 1 *", parameters=given)
    with working(config):
        host.schedules.put(replace(schedule, next_at=due))
        until(lambda: host.runs.recent(job="pages"))
        [run] = host.runs.recent(job="pages")
        assert completed(host, run).scheduled_at == due
    moved = host.schedules.get(installation.install_id, "pages")
    assert moved is not None
    assert moved.next_at is not None
    assert moved.next_at > due


@only_sqlite
def test_a_schedule_of_an_installations_own_is_in_force_within_a_second_in_a_running_process(
    config: HostConfig, host: Host, installation: Installation
) -> None:
    jobs, second = host.jobs_of(installation), timedelta(seconds=1)
    with worker_process(config):
        until(lambda: "job.worker.started" in logged(config))
        due = jobs.reschedule("often", "* * * * * ?", timezone="Asia/Kathmandu")
        assert due is not None
        until(lambda: len(host.runs.recent(job="often")) >= 3)
        fired = host.runs.recent(job="often")
        assert fired[-1].scheduled_at == due
        assert min(run.created_at - run.scheduled_at for run in fired) < second
        jobs.reschedule("often", None)
        off = host.clock.now()
        time.sleep(1.5)
        assert all(run.created_at < off for run in host.runs.recent(job="often"))


def test_a_killed_workers_run_is_resumed_at_once_from_its_last_step(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    run = trigger(pages=3, seconds=0.4)
    with worker_process(config) as first:
        until(lambda: "page 2" in noted(notes))
        first.kill()
        first.wait()
    killed = time.monotonic()
    with worker_process(config):
        completed(host, run)
    assert time.monotonic() - killed < 15, "not only after the heartbeat was too old"
    assert [line for line in noted(notes) if not line.startswith("done")] == [
        *("prepared", "page 1", "page 2"),
        *("resumed", "page 2", "page 3"),
    ]


@only_sqlite
def test_a_worker_waits_until_whoever_stands_in_for_it_is_done(
    config: HostConfig, host: Host, trigger: Callable[..., Run]
) -> None:
    run = trigger()
    with host.jobs.stand_in(command="mooring jobs") as free:
        assert free
        with working(config) as end:
            until(lambda: "job.worker.waits_for_home" in logged(config))
            assert f"`mooring jobs` (process {os.getpid()})" in logged(config)
            assert host.runs.get(run.run_id).status is RunStatus.PENDING
            end()
    with working(config):
        completed(host, run)


@only_sqlite
def test_nobody_stands_in_while_a_worker_runs(config: HostConfig, host: Host) -> None:
    def free() -> bool:
        with host.jobs.stand_in() as mine:
            return mine

    with working(config):
        until(lambda: not free())
    assert free()


@only_sqlite
def test_a_worker_that_is_stopped_gives_its_run_back_after_the_step(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    run = trigger(pages=50, seconds=0.2)
    with working(config) as end:
        until(lambda: "page 2" in noted(notes))
        end()
    given_back = host.runs.get(run.run_id)
    assert (given_back.status, given_back.attempt) == (RunStatus.PENDING, 0)
    assert noted(notes)[-1] == f"done {given_back.steps}"


@only_sqlite
def test_a_jobs_own_limit_holds_back_its_next_run(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    made = [trigger("single", name=name, seconds=0.2) for name in ("a", "b", "c")]
    with working(config):
        for run in made:
            completed(host, run)
    names = [line.split()[0] for line in noted(notes)]
    assert names == [*"aaabbbccc"]


@only_sqlite
def test_a_run_whose_app_is_broken_ends_in_error(
    config: HostConfig, host: Host, installation: Installation, trigger: Callable[..., Run]
) -> None:
    run = trigger()
    shutil.rmtree(installation.root)
    with working(config):
        failed = ended(host, run)
    assert failed.status is RunStatus.ERROR
    assert "app.yml" in (failed.error or "")


def test_an_abandoned_run_is_taken_over_when_its_heartbeat_is_too_old(
    config: HostConfig, host: Host, trigger: Callable[..., Run]
) -> None:
    run = trigger()
    long_ago = host.clock.now() - timedelta(minutes=2)
    host.runs.take(run.run_id, worker="another machine", now=long_ago)
    with working(config):
        completed(host, run)


@pytest.mark.parametrize("config", ["postgresql"], indirect=True)
def test_several_workers_share_the_runs_and_no_run_is_executed_twice(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    with worker_process(config), worker_process(config, "--concurrency", "2", by_hand=True):
        until(lambda: logged(config).count("job.worker.started") == 2)
        made = [trigger(name=f"run{number}", seconds=0.3) for number in range(12)]
        workers = {completed(host, run).worker for run in made}
    assert len(workers) == 2
    assert sorted(noted(notes)) == sorted(
        f"run{number} {what}" for number in range(12) for what in ("prepared", "page 1", "done 1")
    )


@pytest.mark.parametrize("config", ["postgresql"], indirect=True)
def test_several_workers_together_keep_to_the_limit_of_a_job(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    with worker_process(config), worker_process(config, by_hand=True):
        until(lambda: logged(config).count("job.worker.started") == 2)
        made = [trigger("single", name=f"run{number}", seconds=0.2) for number in range(6)]
        workers = {completed(host, run).worker for run in made}
    assert len(workers) <= 2
    said = noted(notes)
    assert len(said) == 18
    for begin in range(0, 18, 3):  # prepared, page 1, done 1 of one run at a time
        assert len({line.split()[0] for line in said[begin : begin + 3]}) == 1


@only_sqlite
def test_deliveries_that_were_handled_long_ago_are_forgotten(
    config: HostConfig, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    for name, state, days in (("old", "done", 31), ("new", "done", 29), ("dead", "dead", 400)):
        received = now - timedelta(days=days)
        row = {"delivery_id": name, "install_id": 1, "app_id": "a", "function": "f"}
        row |= {"dedupe_key": name, "request": "{}", "state": state, "attempts": 1}
        with host.database.write() as connection:
            connection.execute(
                deliveries.insert().values(**row, received_at=received, due_at=received)
            )
    monkeypatch.setattr("mooring.working.loop.SWEEP_EVERY", 0.0)
    shelf = DeliveryShelf(host.database)
    with working(config):
        until(lambda: len(shelf.recent()) == 2)
    assert [shown.delivery.delivery_id for shown in shelf.recent()] == ["new", "dead"]
