from __future__ import annotations

import pytest

from mooring.sdk import Budget
from src.clients import budgets

MADE = [
    budgets.optimizely_rest("t"),
    budgets.optimizely_flags("t"),
    budgets.brevo_contacts("k"),
    budgets.brevo_other("k"),
]


def most_in(budget: Budget, seconds: float) -> float:
    """Return how many calls a budget lets through in the long run of so many seconds."""
    return min(rate.count * max(1.0, seconds / rate.seconds) for rate in budget.rates)


@pytest.mark.parametrize(
    ("budget", "seconds", "granted"),
    [(MADE[0], 60, 50), (MADE[1], 1, 2), (MADE[1], 60, 120), (MADE[2], 1, 10),
     (MADE[2], 3600, 36_000), (MADE[3], 3600, 100)],
)  # fmt: skip
def test_no_budget_grants_more_than_the_service(
    budget: Budget, seconds: float, granted: int
) -> None:
    assert granted * 0.6 <= most_in(budget, seconds) <= granted


def test_each_service_has_a_budget_of_its_own() -> None:
    assert len({budget.name for budget in MADE}) == len(MADE)
