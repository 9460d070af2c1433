"""Which tables does an embedded ODP have, and is a file's version one that we know?"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text

from mooring.adapters.columns import JsonText, Moment
from mooring.adapters.database import Database
from mooring.errors import ConfigurationInvalid

VERSION = 1

metadata = MetaData()

# ``number`` orders customers by age and is never given out twice; ``zaius_id`` is ODP's own id.
# ``written`` holds the moment of each attribute's last write, which decides when profiles merge.
customer = Table(
    "customer",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("zaius_id", Text, nullable=False, unique=True),
    Column("attributes", JsonText, nullable=False),
    Column("written", JsonText, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

# Where a profile went that was merged into another.
customer_alias = Table(
    "customer_alias",
    metadata,
    Column("former_number", Integer, primary_key=True),
    Column("zaius_id", Text, nullable=False, unique=True),
    Column("number", Integer, nullable=False, index=True),
)

identifier = Table(
    "identifier",
    metadata,
    Column("field", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("number", Integer, nullable=False, index=True),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("number", Integer, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("action", Text),
    Column("ts", Moment, nullable=False, index=True),
    Column("received_at", Moment, nullable=False),
    Column("identifiers", JsonText, nullable=False),
    Column("data", JsonText, nullable=False),
    Column("idempotence_id", Text, unique=True),
)
Index("event_of_type", event.c.type, event.c.action)

object_row = Table(
    "object_row",
    metadata,
    Column("object", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("row", JsonText, nullable=False),
    Column("updated_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# An object as apps declared it: fields by name, identifiers by name with their confidence.
declared_object = Table(
    "declared_object",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fields", JsonText, nullable=False),
    Column("identifiers", JsonText, nullable=False),
)

# Every name that an attribute or an event's datum ever had: the columns of the views.
seen_name = Table(
    "seen_name",
    metadata,
    Column("object", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    sqlite_with_rowid=False,
)


def prepare(database: Database, *, place: str) -> None:
    """Make the tables in a new file. Raises ConfigurationInvalid for a newer version's file."""
    with database.read() as connection:
        found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if found == VERSION:
        return
    if found > VERSION:
        raise ConfigurationInvalid(
            f"This ODP file has version {found}; this program knows {VERSION}.",
            where=place,
            hint="Use the version of mooring that last ran on it, or a newer one.",
        )
    with database.write() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
