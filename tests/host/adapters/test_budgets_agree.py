"""Budgets mean the same in a file of the home and in a PostgreSQL database that machines share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.adapters.budgets import BudgetKeeper, Budgets
from mooring.adapters.shared_budgets import SharedBudgets
from mooring.errors import RateLimited
from mooring.sdk.ports import Budget, Rate
from mooring.testing.clock import FakeClock

TOKEN = "tok-5e2b77c1d0"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["file", "table"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Budgets]:
    """Budgets over each kind of log, and one clock for all."""
    opened: Budgets
    if request.param == "file":
        opened = BudgetKeeper(tmp_path / "budgets.sqlite", clock=clock)
    else:
        database = request.getfixturevalue("postgresql_database")
        opened = SharedBudgets(
            database, clock=clock, now=lambda _: int(clock.now().timestamp() * 1e6)
        )
    yield opened
    opened.close()


def test_calls_within_the_rate_do_not_wait(keeper: Budgets, clock: FakeClock) -> None:
    for _ in range(50):
        keeper.acquire((Budget("rest", TOKEN, (Rate(50, 60),)),), within=0)
    assert clock.slept == []


def test_the_next_call_waits_until_the_first_leaves_the_window(
    keeper: Budgets, clock: FakeClock
) -> None:
    budget = Budget("rest", TOKEN, (Rate(2, 60),))
    start = clock.now()
    keeper.acquire((budget,), within=0)
    clock.advance(25)
    keeper.acquire((budget,), within=0)
    keeper.acquire((budget,), within=40)
    assert (clock.now() - start).total_seconds() == pytest.approx(60)


def test_the_strictest_rate_decides(keeper: Budgets, clock: FakeClock) -> None:
    budget = Budget("flags", TOKEN, (Rate(2, 1), Rate(4, 60)))
    start = clock.now()
    for _ in range(4):
        keeper.acquire((budget,), within=1)
    assert (clock.now() - start).total_seconds() == pytest.approx(1)
    keeper.acquire((budget,), within=60)
    assert (clock.now() - start).total_seconds() == pytest.approx(60)


def test_a_wait_that_is_too_long_is_refused_without_waiting(
    keeper: Budgets, clock: FakeClock
) -> None:
    budget = Budget("rest", TOKEN, (Rate(1, 60),))
    keeper.acquire((budget,), within=0)
    clock.advance(20)
    with pytest.raises(RateLimited, match=r"The budget rest is used up for 40\.0 s") as limited:
        keeper.acquire((budget,), within=30)
    assert limited.value.retry_after == pytest.approx(40)
    assert limited.value.status is None
    assert clock.slept == []


def test_a_refused_call_counts_against_no_budget(keeper: Budgets) -> None:
    results = Budget("results", TOKEN, (Rate(1, 60),))
    rest = Budget("rest", TOKEN, (Rate(3, 60),))
    keeper.acquire((results, rest), within=0)
    for _ in range(5):
        with pytest.raises(RateLimited, match="budget results"):
            keeper.acquire((results, rest), within=0)
    keeper.acquire((rest,), within=0)
    keeper.acquire((rest,), within=0)
    with pytest.raises(RateLimited, match="budget rest"):
        keeper.acquire((rest,), within=0)


def test_credentials_and_names_have_budgets_of_their_own(keeper: Budgets) -> None:
    one_an_hour = (Rate(1, 3600),)
    for budget in (
        Budget("rest", TOKEN, one_an_hour),
        Budget("rest", "another", one_an_hour),
        Budget("flags", TOKEN, one_an_hour),
        Budget("rest1", f"2{TOKEN}", one_an_hour),
        Budget("rest12", TOKEN, one_an_hour),
    ):
        keeper.acquire((budget,), within=0)


def test_a_clock_that_was_set_back_blocks_nothing(keeper: Budgets, clock: FakeClock) -> None:
    budget = Budget("rest", TOKEN, (Rate(1, 60),))
    keeper.acquire((budget,), within=0)
    clock.advance(-3600)
    keeper.acquire((budget,), within=0)


def test_a_long_window_is_remembered_wholly(keeper: Budgets, clock: FakeClock) -> None:
    budget = Budget("imports", TOKEN, (Rate(1, 24 * 3600),))
    keeper.acquire((budget,), within=0)
    clock.advance(23 * 3600)
    with pytest.raises(RateLimited):
        keeper.acquire((budget,), within=0)


def test_a_rate_that_allows_nothing_is_an_error(keeper: Budgets) -> None:
    with pytest.raises(ValueError, match="at least one call, not 0"):
        keeper.acquire((Budget("rest", TOKEN, (Rate(0, 60),)),), within=0)
