"""Real repositories for what the engine decides, on each kind of database."""

from __future__ import annotations

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.model.installation import Installation, InstallationState
from mooring.testing.memory import MemoryApp
from mooring.testing.plugin import app_context, invocation, memory_app
from tests.host.engine.driving import Bench, Pages

__all__ = ["app_context", "invocation", "memory_app"]


@pytest.fixture
def runs(database: Database, memory_app: MemoryApp) -> Runs:
    return Runs(database, clock=memory_app.clock)


@pytest.fixture
def schedules(database: Database, memory_app: MemoryApp) -> Schedules:
    return Schedules(database, clock=memory_app.clock)


@pytest.fixture
def installations(database: Database, memory_app: MemoryApp) -> Installations:
    return Installations(database, clock=memory_app.clock)


@pytest.fixture
def installation(installations: Installations) -> Installation:
    """An app that is installed."""
    made = installations.create(app_id="shop", account="local", version="1.0.0", root="/apps/shop")
    installations.set_state(made.install_id, InstallationState.INSTALLED)
    return installations.get(made.install_id)


@pytest.fixture
def bench(memory_app: MemoryApp, runs: Runs, installation: Installation) -> Bench:
    """What drives runs of that app; none has called its job yet."""
    Pages.calls.clear()
    return Bench(memory_app, runs, installation)
