"""Who may do something alone for a while, among all processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.leases import Leases
from mooring.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def leases(database: Database, clock: FakeClock) -> Leases:
    return Leases(database, clock=clock)


def test_a_lease_has_one_holder(leases: Leases) -> None:
    assert leases.acquire("tokens", holder="a", seconds=60)
    assert not leases.acquire("tokens", holder="b", seconds=60)


def test_other_names_are_free(leases: Leases) -> None:
    assert leases.acquire("tokens/1", holder="a", seconds=60)
    assert leases.acquire("tokens/2", holder="b", seconds=60)


def test_a_released_lease_is_free_at_once(leases: Leases) -> None:
    leases.acquire("tokens", holder="a", seconds=60)
    leases.release("tokens", holder="a")
    assert leases.acquire("tokens", holder="b", seconds=60)


def test_a_lease_of_somebody_who_died_runs_out(leases: Leases, clock: FakeClock) -> None:
    leases.acquire("tokens", holder="dead", seconds=60)
    clock.advance(59)
    assert not leases.acquire("tokens", holder="b", seconds=60)
    clock.advance(1)
    assert leases.acquire("tokens", holder="b", seconds=60)


def test_a_holder_renews_its_own(leases: Leases, clock: FakeClock) -> None:
    leases.acquire("tokens", holder="a", seconds=60)
    clock.advance(50)
    assert leases.acquire("tokens", holder="a", seconds=60)
    clock.advance(50)
    assert not leases.acquire("tokens", holder="b", seconds=60)


def test_releasing_what_another_took_over_changes_nothing(leases: Leases, clock: FakeClock) -> None:
    leases.acquire("tokens", holder="late", seconds=1)
    clock.advance(2)
    leases.acquire("tokens", holder="b", seconds=60)
    leases.release("tokens", holder="late")
    assert not leases.acquire("tokens", holder="c", seconds=60)


def test_of_many_at_once_one_gets_it(leases: Leases) -> None:
    with ThreadPoolExecutor(8) as threads:
        got = list(
            threads.map(lambda n: leases.acquire("tokens", holder=f"h{n}", seconds=60), range(8))
        )
    assert got.count(True) == 1
