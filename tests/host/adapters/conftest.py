"""Databases with all tables for the adapters' tests, and the secret store over them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from mooring.adapters.database import Database
from mooring.adapters.masking import Masker
from mooring.adapters.secrets.vault import Vault, open_vault
from mooring.adapters.tables import metadata
from mooring.model.config import HostConfig
from mooring.plugins.secrets import mooring_secret_backend
from mooring.testing.clock import FakeClock

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="


def offering(config: HostConfig, database: Database) -> Callable[[str], Any]:
    """Offer the built-in secret stores, as the plugin manager would."""
    return lambda kind: mooring_secret_backend(config=config, kind=kind, database=database)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "mooring.sqlite"
    Database.open(file=file).close()
    return file


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[Database]:
    """A PostgreSQL database with all tables, to be emptied."""
    database = Database.open(new_database(postgresql_server))
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An open database with all tables and no rows, once of each kind."""
    if request.param == "postgresql":
        shared: Database = request.getfixturevalue("migrated_postgresql")
        with shared.write() as connection:
            for table in metadata.tables.values():
                connection.execute(table.delete())
        yield shared
        return
    file = tmp_path / "mooring.sqlite"
    shutil.copyfile(request.getfixturevalue("migrated_sqlite"), file)
    own = Database.open(file=file)
    yield own
    own.close()


def new_database(server: str) -> str:
    """Make an empty database on the server and return its address."""
    name = f"test_{uuid4().hex}"
    admin = create_engine(
        server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    address = admin.url.set(drivername="postgresql", database=name)
    admin.dispose()
    return address.render_as_string(hide_password=False)


@pytest.fixture
def config(tmp_path: Path) -> HostConfig:
    """A home with the encrypted store; the key is given, as PostgreSQL wants it."""
    return HostConfig(home=tmp_path, secrets="encrypted", master_key=MASTER_KEY)


@pytest.fixture
def masker() -> Masker:
    """A masker that knows nothing yet."""
    return Masker()


@pytest.fixture
def clock() -> FakeClock:
    """The time that the test says."""
    return FakeClock()


@pytest.fixture
def vault(config: HostConfig, database: Database, masker: Masker, clock: FakeClock) -> Vault:
    """The encrypted store of a new home."""
    offer = offering(config, database)
    return open_vault(config, database, masker=masker, offer=offer, clock=clock)
