"""What the host does with runs when several processes want the same one."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.run import RunStatus
from tests.conftest import Program


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
