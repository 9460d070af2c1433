"""What the host does with runs when several processes want the same one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import AppInvalid, DatabaseAway, DatabaseBusy, HomeUnusable, MooringError
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.run import Run, RunStatus
from mooring.testing.engine_contract import until
from tests.conftest import Program

AWAY = DatabaseAway("The database does not answer.")


@pytest.fixture
def app(cli: Program, tmp_path: Path) -> str:
    cli.ok("init", str(tmp_path / "greeter"))
    cli.ok("install", str(tmp_path / "greeter"))
    return "greeter"


def opened(home: Path) -> Host:
    return Host.open(HostConfig(home=home, secrets="encrypted"))


def test_a_run_that_another_worker_has_is_followed_and_not_taken(home: Path, app: str) -> None:
    with opened(home) as host, opened(home) as elsewhere:
        run = host.jobs.trigger(host.installation(app), "tidy", {})
        theirs = elsewhere.runs.take(run.run_id, worker="elsewhere", now=host.clock.now())

        def finish() -> None:
            elsewhere.runs.finish(theirs, RunStatus.COMPLETE, now=host.clock.now())

        ending = threading.Timer(0.3, finish)
        ending.start()
        ended = host.jobs.execute_until_final(run.run_id)
        ending.join()
    assert (ended.status, ended.worker) == (RunStatus.COMPLETE, "elsewhere")
    assert (ended.epoch, ended.attempt) == (theirs.epoch, 0)


def test_a_run_that_nobody_has_is_executed_here(home: Path, app: str) -> None:
    with opened(home) as host:
        run = host.jobs.trigger(host.installation(app), "tidy", {})
        ended = host.jobs.execute_until_final(run.run_id)
    assert (ended.status, ended.epoch) == (RunStatus.COMPLETE, 1)
    assert (ended.worker or "").startswith("here:")


def test_a_run_that_is_put_off_leaves_the_home_to_others_and_is_still_ended(
    home: Path, app: str
) -> None:
    told: list[Run] = []
    with opened(home) as host, opened(home) as elsewhere, ThreadPoolExecutor(1) as threads:
        run, now = host.jobs.trigger(host.installation(app), "tidy", {}), host.clock.now()
        taken = host.runs.take(run.run_id, worker="w", now=now)
        host.runs.postpone(taken, until=now + timedelta(days=2), error="Too fast.", attempt=0)
        following = threads.submit(host.jobs.execute_until_final, run.run_id, waiting=told.append)
        until(lambda: told, seconds=60)
        with elsewhere.jobs.stand_in() as free:
            assert free
        elsewhere.runs.terminate(run.run_id, now=now)
        assert following.result(60).status is RunStatus.TERMINATED
    assert [waits.error for waits in told] == ["Too fast."]


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [(AWAY, 1), (DatabaseBusy("Others write."), 1), (HomeUnusable("The disk is full."), 30)],
    ids=["away", "busy", "home"],
)
def test_a_run_that_cannot_begin_here_at_present_is_given_back(
    home: Path, app: str, monkeypatch: pytest.MonkeyPatch, trouble: MooringError, seconds: int
) -> None:
    with opened(home) as host:
        run, postpone = host.jobs.trigger(host.installation(app), "tidy", {}), host.runs.postpone
        with monkeypatch.context() as patched:
            patched.setattr(host.versions, "with_job", raising(trouble))
            patched.setattr(host.runs, "postpone", first_raising(AWAY, then=postpone))
            left = host.jobs.execute(run.run_id, worker="w", epoch=run.epoch)
        assert (left.status, left.error) == (RunStatus.PENDING, str(trouble))
        assert (left.attempt, left.workers_lost, left.worker) == (0, 0, None)
        assert left.heartbeat_at is not None
        assert left.not_before is not None
        pause = (left.not_before - left.heartbeat_at).total_seconds()
        assert seconds - 1 < pause <= seconds
        assert host.jobs.execute(run.run_id, worker="w").status is RunStatus.COMPLETE


def test_the_limit_of_a_job_is_not_lifted_when_it_cannot_be_read(
    home: Path, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(home) as host:
        run = host.jobs.trigger(host.installation(app), "tidy", {})
        monkeypatch.setattr(host, "definition", raising(AppInvalid("It is gone.")))
        assert host.jobs.limit(run) == 1
        monkeypatch.setattr(host, "definition", raising(AWAY))
        with pytest.raises(DatabaseAway):
            host.jobs.execute(run.run_id, worker="w", epoch=run.epoch)
        assert host.runs.get(run.run_id) == run


def test_a_command_goes_on_when_the_database_was_away_before_its_run_began(
    home: Path, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(home) as host:
        run = host.jobs.trigger(host.installation(app), "tidy", {})
        definition = first_raising(AWAY, then=host.definition)
        monkeypatch.setattr(host, "definition", definition)
        assert host.jobs.execute_until_final(run.run_id).status is RunStatus.COMPLETE


def raising(error: MooringError) -> Any:
    def raises(*given: object, **options: object) -> None:
        raise error

    return raises


def first_raising(error: MooringError, *, then: Any) -> Any:
    """Raise the first time, and from then on do what is asked."""
    errors = [error]

    def call(*given: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop()
        return then(*given, **options)

    return call
