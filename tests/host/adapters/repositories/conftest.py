"""The runs of a host, on each kind of database."""

from __future__ import annotations

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.runs import Runs
from mooring.testing.clock import FakeClock


@pytest.fixture
def runs(database: Database, clock: FakeClock) -> Runs:
    return Runs(database, clock=clock)
