"""Hosts on several machines share a database, and each has a home of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete

from mooring.adapters.executor_locks import ExecutorLocks, somebody_works
from mooring.adapters.tables import app_copies
from mooring.hosting.host import Host
from mooring.loader import NAMESPACE, unmount
from mooring.model.config import HostConfig
from mooring.model.run import Run, RunStatus
from mooring.testing.engine_contract import until
from mooring.testing.memory import MemoryLog
from tests.host.lifecycle.conftest import MASTER_KEY, Shop, answered

TIDY: dict[str, dict[str, str]] = {"tidy": {}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def machine(tmp_path: Path, postgresql_url: str) -> Iterator[Callable[[str], Host]]:
    """Open the home of a machine; nothing of the others' is at hand."""
    opened: list[Host] = []

    def opening(name: str) -> Host:
        config = HostConfig(
            home=tmp_path / name,
            secrets="encrypted",
            database_url=postgresql_url,
            master_key=MASTER_KEY,
        )
        opened.append(Host.open(config))
        return opened[-1]

    yield opening
    for host in opened:
        host.close()
    unmount(NAMESPACE)


def test_what_one_machine_installed_another_one_serves_and_runs(
    machine: Callable[[str], Host], shop: Shop
) -> None:
    one = machine("one")
    folder = shop.version("1.0.0", jobs=TIDY)
    one.lifecycle.install(folder)
    shutil.rmtree(folder)
    shutil.rmtree(one.home.apps)
    unmount(NAMESPACE)
    two = machine("two")
    assert answered(two) == "1.0.0"
    installation = two.installation("shop")
    assert installation.root.is_relative_to(two.home.path)
    run = two.jobs.trigger(installation, "tidy", {})
    assert two.jobs.execute(run.run_id, worker="two").status is RunStatus.COMPLETE


def test_an_upgrade_on_one_machine_reaches_the_others(
    machine: Callable[[str], Host], shop: Shop
) -> None:
    one, two = machine("one"), machine("two")
    one.lifecycle.install(shop.version("1.0.0", jobs=TIDY))
    assert answered(two) == "1.0.0"
    two.lifecycle.upgrade(shop.version("1.1.0", jobs=TIDY))
    assert answered(one) == answered(two) == "1.1.0"
    one.lifecycle.upgrade(shop.version("1.0.0", jobs=TIDY), allow_downgrade=True)
    assert answered(two) == "1.0.0"


def test_a_machine_takes_out_what_another_one_installed(
    machine: Callable[[str], Host], shop: Shop
) -> None:
    one, two = machine("one"), machine("two")
    one.lifecycle.install(shop.version("1.0.0"))
    unmount(NAMESPACE)
    archive = two.lifecycle.uninstall(two.installation("shop"), purge=False)
    assert archive is not None
    assert archive.is_relative_to(two.home.path)
    two.lifecycle.restore(archive)
    assert answered(one) == "1.0.0"


def test_copies_in_use_are_kept_when_a_home_is_tidied(
    machine: Callable[[str], Host], shop: Shop
) -> None:
    one, two = machine("one"), machine("two")
    installation = one.lifecycle.install(shop.version("1.0.0"))
    two.lifecycle.tidy()
    one.lifecycle.tidy()
    assert installation.root.is_dir()
    assert answered(two) == "1.0.0"


def test_a_machine_knows_of_workers_on_others(machine: Callable[[str], Host]) -> None:
    one = machine("one")
    assert not has_worker(one)
    url = one.config.database_url
    assert url is not None
    with ExecutorLocks(url, name="elsewhere", log=MemoryLog(), on_news=lambda: None) as locks:
        until(lambda: locks.is_held, seconds=30)
        assert has_worker(one)
    until(lambda: not has_worker(one), seconds=30)  # The server forgets the session.


def test_a_run_waits_for_a_machine_that_has_the_files_of_its_app(
    machine: Callable[[str], Host], shop: Shop
) -> None:
    one, two = machine("one"), machine("two")
    installation = one.lifecycle.install(shop.version("1.0.0", jobs=TIDY))
    with one.database.write() as connection:
        connection.execute(delete(app_copies))
    run = one.jobs.trigger(installation, "tidy", {})
    left = two.jobs.execute(run.run_id, worker="two")
    assert (left.status, left.attempt) == (RunStatus.PENDING, 0)
    assert "Neither this home nor the database has the files" in (left.error or "")
    assert one.jobs.execute(run.run_id, worker="one").status is RunStatus.COMPLETE


def test_a_command_that_executes_its_run_is_not_taken_for_dead_when_its_session_ends(
    machine: Callable[[str], Host],
    shop: Shop,
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = machine("one")
    installation = one.lifecycle.install(shop.version("1.0.0", jobs=TIDY))
    run = one.jobs.trigger(installation, "tidy", {})
    execute = one.jobs.execute

    def executed(run_id: str, *, worker: str, **options: Any) -> Run:
        assert not somebody_works(one.database), "it executes this run alone"
        end_sessions(postgresql_url)
        with ExecutorLocks(
            postgresql_url, name="two", log=MemoryLog(), on_news=lambda: None
        ) as two:
            until(lambda: two.is_held, seconds=30)
            until(lambda: not is_dead(worker, told=two), seconds=30)
        return execute(run_id, worker=worker, **options)

    monkeypatch.setattr(one.jobs, "execute", executed)
    assert one.jobs.execute_until_final(run.run_id).status is RunStatus.COMPLETE


def is_dead(worker: str, *, told: ExecutorLocks) -> bool:
    with told.free([worker]) as dead:
        return worker in dead


def end_sessions(url: str) -> None:
    """End every other session, and wait until they are over."""
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
        assert ended
        living = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
        pids = [pid for pid, _ in ended]
        until(lambda: connection.execute(living, [pids]).fetchone() == (0,), seconds=30)


def has_worker(host: Host) -> bool:
    return host.jobs.has_worker
