"""Real repositories for what the engine decides: SQLite and PostgreSQL, each migrated once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from mooring.adapters.database import Database
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.tables import metadata
from mooring.model.installation import Installation, InstallationState
from mooring.testing.memory import MemoryApp
from mooring.testing.plugin import app_context, invocation, memory_app

__all__ = ["app_context", "invocation", "memory_app"]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("engine") / "mooring.sqlite"
    Database.open(file=file).close()
    return file


@pytest.fixture(scope="session")
def migrated_server(postgresql_server: str) -> Iterator[Database]:
    """A PostgreSQL database with all tables, to be emptied."""
    name = f"mooring_engine_{uuid4().hex}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
    address = make_url(postgresql_server).set(database=name)
    database = Database.open(address.render_as_string(hide_password=False))
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An open database with all tables and no rows, once of each kind."""
    if request.param == "postgresql":
        shared: Database = request.getfixturevalue("migrated_server")
        with shared.write() as connection:
            for table in metadata.tables.values():
                connection.execute(table.delete())
        yield shared
        return
    file = tmp_path / "mooring.sqlite"
    shutil.copyfile(request.getfixturevalue("migrated_file"), file)
    own = Database.open(file=file)
    yield own
    own.close()


@pytest.fixture
def runs(database: Database, memory_app: MemoryApp) -> Runs:
    return Runs(database, clock=memory_app.clock)


@pytest.fixture
def schedules(database: Database) -> Schedules:
    return Schedules(database)


@pytest.fixture
def installations(database: Database, memory_app: MemoryApp) -> Installations:
    return Installations(database, clock=memory_app.clock)


@pytest.fixture
def installation(installations: Installations) -> Installation:
    """An app that is installed."""
    made = installations.create(app_id="shop", account="local", version="1.0.0", root="/apps/shop")
    installations.set_state(made.install_id, InstallationState.INSTALLED)
    return installations.get(made.install_id)
