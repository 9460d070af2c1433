"""Databases with all tables, migrated once of each kind and handed out empty; a host on a home."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mooring.adapters.database import Database
from mooring.adapters.tables import metadata
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import empty_database


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "mooring.sqlite"
    Database.open(file=file).close()
    return file


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[Database]:
    """A PostgreSQL database with all tables, to be emptied."""
    with empty_database(postgresql_server) as address:
        database = Database.open(address)
        yield database
        database.close()


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """An open SQLite database with all tables and no rows."""
    file = tmp_path / "mooring.sqlite"
    shutil.copyfile(migrated_sqlite, file)
    database = Database.open(file=file)
    yield database
    database.close()


@pytest.fixture
def postgresql_database(migrated_postgresql: Database) -> Database:
    """An open PostgreSQL database with all tables and no rows."""
    with migrated_postgresql.write() as connection:
        for table in metadata.tables.values():
            connection.execute(table.delete())
    return migrated_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An open database with all tables and no rows, once of each kind."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def open_host(home: Path) -> Callable[..., Host]:
    """Open the home once more, as another process would."""
    return lambda **more: Host.open(HostConfig(home=home, secrets="encrypted", **more))


@pytest.fixture
def host(open_host: Callable[..., Host]) -> Iterator[Host]:
    """Give a host on the test's home."""
    with open_host() as host:
        yield host
