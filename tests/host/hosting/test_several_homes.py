"""Hosts on several machines share a database, and each has a home of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mooring.adapters.executor_locks import ExecutorLocks
from mooring.hosting.host import Host
from mooring.loader import NAMESPACE, unmount
from mooring.model.config import HostConfig
from mooring.model.run import RunStatus
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


def has_worker(host: Host) -> bool:
    return host.jobs.has_worker
