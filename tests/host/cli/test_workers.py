"""Whoever looks is told when nobody runs jobs, and what is to be started then."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.adapters.executor_locks import ExecutorLocks
from mooring.adapters.home import Addresses
from mooring.cli.findings import Finding
from mooring.cli.workers import left_behind, remedy, waits_for_home, worker_findings
from mooring.hosting.host import Host
from mooring.hosting.job_runs import WAITING
from mooring.loader import NAMESPACE, unmount
from mooring.model.config import HostConfig
from mooring.model.run import Run
from mooring.testing.engine_contract import until
from mooring.testing.memory import MemoryLog
from tests.host.apps import App

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
SOON = 60.0


@pytest.fixture
def shared(home: Path, postgresql_url: str) -> Iterator[Host]:
    """A host over PostgreSQL."""
    config = HostConfig(
        home=home, secrets="encrypted", database_url=postgresql_url, master_key=MASTER_KEY
    )
    with Host.open(config) as opened:
        yield opened
    unmount(NAMESPACE)


def taken(host: Host, tmp_path: Path, *, worker: str) -> Run:
    """Return a run that this worker has in hand; another one waits."""
    installation = host.lifecycle.install(App(tmp_path / "app").counting().finish())
    run, _ = (host.jobs.trigger(installation, "count", {}) for _ in range(2))
    return host.runs.take(run.run_id, worker=worker, now=host.clock.now())


def serves(host: Host) -> None:
    host.home.record_addresses(Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", os.getpid()))


def test_a_run_over_sqlite_is_nobodys_once_the_home_is_free(host: Host, tmp_path: Path) -> None:
    run = taken(host, tmp_path, worker="one")
    with host.jobs.stand_in():
        held = left_behind(host, run), list(worker_findings(host))
    assert held == ("", [])
    assert left_behind(host, run) == "nobody runs it: start `mooring serve`"
    stranded, waiting = worker_findings(host)
    fix = "Start `mooring serve`."
    assert stranded == Finding("runs", False, "1 run is RUNNING, and nobody runs it", fix)
    found = "no worker lives, and 1 run is waiting for one"
    assert waiting == Finding("workers", True, found, fix)


def test_a_serve_without_jobs_is_told_from_none(host: Host) -> None:
    serves(host)
    assert remedy(host) == "`mooring serve` is up without jobs: start it without --no-jobs"
    host.home.forget_addresses()
    assert remedy(host) == "start `mooring serve`"


def test_over_postgresql_the_lock_of_its_worker_tells(shared: Host, tmp_path: Path) -> None:
    run = taken(shared, tmp_path, worker="one")
    url = shared.config.database_url
    assert url is not None

    def locks(name: str) -> ExecutorLocks:
        return ExecutorLocks(url, name=name, log=MemoryLog(), on_news=lambda: None)

    with locks("one") as one:
        until(lambda: one.is_held, seconds=SOON)
        assert left_behind(shared, run) == ""
        assert list(worker_findings(shared)) == [Finding("worker", True, "one")]
    with locks("two") as two:
        until(lambda: two.is_held, seconds=SOON)
        until(lambda: left_behind(shared, run) != "", seconds=SOON)
        assert left_behind(shared, run) == "its worker is gone; another one takes it over"
    until(lambda: not shared.jobs.has_worker, seconds=SOON)
    assert left_behind(shared, run) == ("nobody runs it: start `mooring serve` or `mooring worker`")
    serves(shared)
    assert left_behind(shared, run) == "nobody runs it: start `mooring worker`"
    stranded, waiting = worker_findings(shared)
    assert (stranded.check, stranded.ok, waiting.check, waiting.ok) == (
        *("runs", False),
        *("workers", False),
    )
    assert waiting.fix == "Start `mooring worker`."


def test_a_command_that_has_the_home_is_named(host: Host) -> None:
    assert waits_for_home(host) == ""
    with host.jobs.stand_in(command="mooring serve"):
        assert waits_for_home(host) == ""
    with host.jobs.stand_in(command=WAITING):
        assert f"`{WAITING}` (process {os.getpid()})" in waits_for_home(host)
