"""What does the address of a database say? PostgreSQL's, or an SQLite file's."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from mooring.errors import ConfigurationInvalid


def read_address(url: str) -> URL:
    """Read an address, which no error repeats: it may hold a password.

    Raises ConfigurationInvalid.
    """
    hint = "MOORING_DATABASE_URL reads postgresql://user:password@host:5432/database."
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError) as error:
        raise ConfigurationInvalid("The database address is not a URL.", hint=hint) from error
    if parsed.get_backend_name() not in ("postgresql", "sqlite") or not parsed.database:
        raise ConfigurationInvalid(
            f"The database address names no PostgreSQL database ({parsed.drivername}).", hint=hint
        )
    return parsed
