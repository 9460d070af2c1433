"""Which driver and which connections stand behind the address of a database?"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from mooring.adapters.database_address import read_address
from mooring.adapters.sqlite_engine import sqlite_engine
from mooring.errors import ConfigurationInvalid

CONNECT_SECONDS = 10


def open_engine(url: str | None, file: Path | None) -> Engine:
    """Prepare connections to ``url``, else to the SQLite ``file``. Raises ConfigurationInvalid."""
    if not url:
        if file is None:
            raise ConfigurationInvalid("No database is named.", hint="Set MOORING_DATABASE_URL.")
        return sqlite_engine(file)
    parsed = read_address(url)
    if parsed.get_backend_name() == "sqlite":
        return sqlite_engine(Path(parsed.database or ""))
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_timeout=60.0,
        hide_parameters=True,  # states and settings, which would stand in every error
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "mooring"},
    )


def dispose(engine: Engine) -> None:
    """Close all connections; one that a thread still uses as soon as it gives it back."""
    if not event.contains(engine.pool, "checkin", _end):
        event.listen(engine.pool, "checkin", _end)
    engine.dispose()


def _end(_connection: object, record: ConnectionPoolEntry) -> None:
    record.invalidate()
