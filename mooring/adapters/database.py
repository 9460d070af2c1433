"""How does the host reach its database, SQLite or PostgreSQL, and is its schema up to date?

Transactions are short and never held across app code. Alembic is imported only when the recorded
schema revision differs from ``HEAD``: it would cost a second on every command.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self, cast

from sqlalchemy import (
    Connection,
    Engine,
    PoolProxiedConnection,
    Table,
    delete,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError

from mooring.adapters.database_engine import dispose, open_engine
from mooring.adapters.database_trouble import busy, explanation
from mooring.adapters.sqlite_engine import BUSY_SECONDS, WRITING
from mooring.adapters.tables import meta, revisions
from mooring.errors import ConfigurationInvalid

HEAD = "0003"
MIGRATION_LOCK = 0x6D6F6F72  # "moor": the advisory lock of migrating hosts


class Database:
    """One database; safe to share between threads, to be opened anew after a fork."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # PostgreSQL shows each statement what is stored by then, in a transaction or not; without
        # one, a read takes half of the messages.
        once = {"isolation_level": "AUTOCOMMIT"} if self.is_postgresql else {}
        self._reading = engine.execution_options(**once)
        self._thread = threading.local()
        self._turn: AbstractContextManager[Any] = (
            nullcontext() if self.is_postgresql else _Turn(str(engine.url.database))
        )

    @classmethod
    def open(cls, url: str | None = None, *, file: Path | None = None) -> Self:
        """Connect to ``url`` (``postgresql://…``), else to the SQLite ``file``; migrate if need be.

        Raises HomeUnusable for a file and ConfigurationInvalid for an address that cannot be used.
        """
        database = cls(open_engine(url, file))
        try:
            with database._explained():
                database._bring_up_to_date()
        except BaseException:
            database.close()
            raise
        return database

    @property
    def is_postgresql(self) -> bool:
        """Whether several machines may share this database."""
        return self._engine.dialect.name == "postgresql"

    @property
    def sqlite_file(self) -> Path | None:
        """The file of an SQLite database."""
        return None if self.is_postgresql else Path(str(self._engine.url.database))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection to read with; inside a ``write`` of this thread, that one's."""
        if outer := self._outer():
            yield outer
            return
        with self._explained(), self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are stored together, or not at all.

        Inside another ``write`` of this thread it joins that one. Raises Conflict when other
        writers keep the database busy for too long.
        """
        if outer := self._outer():
            yield outer
            return
        with self._explained(), self._turn, self._engine.connect() as connection:
            connection.execution_options(**{WRITING: True})
            with connection.begin():
                self._thread.connection = connection
                try:
                    yield connection
                finally:
                    self._thread.connection = None

    def write_one(self, sql: str, values: Mapping[str, Any] | tuple[Any, ...]) -> int:
        """Execute one statement of the driver's own; return how many rows it changed.

        It is a transaction by itself, or part of the ``write`` that this thread is inside of. At a
        third of the price of ``write``, for what is written again and again.
        """
        if outer := self._outer():
            plain = values if isinstance(values, tuple) else dict(values)
            return outer.exec_driver_sql(sql, plain).rowcount
        with self._explained(), self._turn, closing(self._connected()) as connection:
            try:
                return self._written(connection, sql, values)
            except self._driver.Error as error:
                connection.invalidate()
                raise self._known(error, sql) from error

    def _connected(self) -> PoolProxiedConnection:
        try:
            return self._engine.raw_connection()
        except self._driver.Error as error:
            raise self._known(error, None) from error

    def _known(self, error: Exception, sql: str | None) -> BaseException:
        """Return an error of the driver's as the one that it is everywhere else."""
        return DBAPIError.instance(sql, None, error, self._driver.Error, hide_parameters=True)

    def _written(self, connection: PoolProxiedConnection, sql: str, values: Any) -> int:
        """Execute a statement that is stored at once, for it is not begun: one way to the server.

        SQLite's connections are in that mode; one of PostgreSQL's goes back as it was.
        """
        driver: Any = connection.driver_connection
        if self.is_postgresql:
            driver.autocommit = True
        with closing(connection.cursor()) as cursor:
            cursor.execute(sql, values)
            changed = int(cursor.rowcount)
        if self.is_postgresql:
            driver.autocommit = False
        return changed

    @property
    def _driver(self) -> Any:
        return self._engine.dialect.loaded_dbapi

    @contextmanager
    def overwriting(self) -> Iterator[Connection]:
        """Write so that SQLite leaves nothing in its file of what was there before."""
        with self.write() as connection:
            if self.is_postgresql:
                yield connection
                return
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("PRAGMA secure_delete = OFF")

    def empty_journal(self) -> None:
        """Empty SQLite's write-ahead log, in which what was overwritten still stands."""
        if self.is_postgresql:
            return
        with self._explained(), closing(self._engine.raw_connection()) as connection:
            # While somebody reads, the log stays; the next one to checkpoint overwrites it.
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    @contextmanager
    def session_lock(self, name: str) -> Iterator[bool]:
        """Hold PostgreSQL's lock of this name for the length of the block, if it is free.

        It has a connection of its own, with whose end, also a violent one, the server lifts it.
        """
        key = {"key": advisory_key(name)}
        with self._explained(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
            try:
                yield held
            finally:
                if held:
                    with suppress(DBAPIError):  # With a session that is over it is lifted.
                        connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)

    def revision(self, topic: str) -> int:
        """Return how often ``topic`` changed; what was cached under another number is stale."""
        with self.read() as connection:
            found = connection.scalar(select(revisions.c.number).where(revisions.c.topic == topic))
        return int(found or 0)

    def recorded(self, key: str) -> str | None:
        """Return what this home noted about itself under ``key``."""
        with self.read() as connection:
            return connection.scalar(select(meta.c.value).where(meta.c.key == key))

    def record_once(self, key: str, value: str) -> str:
        """Note ``value`` under ``key`` unless something is noted there; return what is noted."""
        with self.write() as connection:
            note = insert(connection, meta).values(key=key, value=value)
            connection.execute(note.on_conflict_do_nothing())
            return str(connection.scalar(select(meta.c.value).where(meta.c.key == key)))

    def record(self, key: str, value: str) -> None:
        """Note ``value`` under ``key``, whatever was noted there."""
        with self.write() as connection:
            note = insert(connection, meta).values(key=key, value=value)
            connection.execute(
                note.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": value})
            )

    def forget(self, key: str) -> None:
        """Remove what is noted under ``key``."""
        with self.write() as connection:
            connection.execute(delete(meta).where(meta.c.key == key))

    def close(self) -> None:
        """Close all connections; one that a thread still uses as soon as it gives it back."""
        dispose(self._engine)

    def _outer(self) -> Connection | None:
        """Return the connection of the ``write`` that this thread is inside of."""
        outer: Connection | None = getattr(self._thread, "connection", None)
        return outer

    def _bring_up_to_date(self) -> None:
        with self.read() as connection:
            if _recorded_revision(connection) == HEAD:
                return
        with self.write() as connection:
            if self.is_postgresql:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK}
                )
            found = _recorded_revision(connection)
            if found != HEAD:
                _migrate(connection, found)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in the host's own words what the operator can mend."""
        try:
            yield
        except DatabaseError as error:
            said = explanation(error, self._engine.url)
            if said is None:
                raise
            raise said from error


class _Turn:
    """The threads of a process queue for SQLite's one writer here, where waiting is fair."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=2 * BUSY_SECONDS):
            raise busy(self._name)

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


def insert(connection: Connection, table: Table) -> postgresql.Insert:
    """Start an INSERT that knows ON CONFLICT in the connection's dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    # The two dialects spell the part of ON CONFLICT that is used here alike.
    return cast(postgresql.Insert, sqlite.insert(table))


def hold(connection: Connection, whole: str, part: str | None = None) -> None:
    """Keep others out of ``part`` of ``whole``, or of all of it, until the transaction ends.

    What is read in between is still true when it is written. SQLite has one writer anyway.
    """
    if connection.dialect.name != "postgresql":
        return
    if part is None:
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:whole)"), {"whole": advisory_key(whole)}
        )
    else:
        connection.execute(
            text("SELECT pg_advisory_xact_lock_shared(:whole), pg_advisory_xact_lock(:part)"),
            {"whole": advisory_key(whole), "part": advisory_key(f"{whole}\0{part}")},
        )


def bump(connection: Connection, *topics: str) -> None:
    """Count a change of each topic inside the present transaction, as its last act."""
    for topic in sorted(topics):
        count = insert(connection, revisions).values(topic=topic, number=1)
        connection.execute(
            count.on_conflict_do_update(
                index_elements=[revisions.c.topic], set_={"number": revisions.c.number + 1}
            )
        )


def advisory_key(name: str) -> int:
    """Number an advisory lock after its name."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _recorded_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic.util import CommandError

    from mooring.adapters.migrations import migrate

    try:
        migrate(connection)
    except CommandError as error:
        raise ConfigurationInvalid(
            f"The database has schema revision {found}, which this version does not know.",
            hint=f"It knows {HEAD}. Use the version that last ran on it, or a newer one.",
        ) from error
