"""How late schedules fired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mooring.adapters.database import Database
from mooring.adapters.repositories.lateness import Lateness
from mooring.adapters.repositories.runs import Runs
from mooring.model.installation import Installation, InstallationState
from mooring.testing.clock import START, FakeClock

SHOP = Installation(
    *(1, "shop", "local", "1.0.0", Path("/apps"), InstallationState.INSTALLED, START, START)
)


def test_each_scheduled_run_has_its_lateness_and_a_triggered_one_has_none(
    database: Database, clock: FakeClock
) -> None:
    runs, lateness = Runs(database, clock=clock), Lateness(database)
    runs.create(SHOP, "sync", {}, scheduled_at=START, due_key="before")
    clock.advance(10)
    for late in (0.25, 1.5):
        due = clock.now() - timedelta(seconds=late)
        runs.create(SHOP, "sync", {}, scheduled_at=due, due_key=f"{late}")
        clock.advance(1)
    runs.create(SHOP, "sync", {}, scheduled_at=START)
    assert lateness.since(START + timedelta(seconds=5)) == [1.5, 0.25]
    assert lateness.since(START + timedelta(seconds=5), limit=1) == [1.5]
    assert lateness.since(clock.now()) == []
