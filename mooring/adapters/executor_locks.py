"""Which workers live? Each holds a lock in PostgreSQL, on a session of its own.

The server lifts the lock when the session ends, however its worker came to its end: after SIGKILL
at once, after a cut cable within ``NOTICED_WITHIN`` seconds. Whoever gets the lock of another may
take over what that one had in hand. On the same session a worker hears of new runs.

Over SQLite there is one worker, which holds the lock of the home: nobody else lives.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Protocol

import psycopg
from sqlalchemy import make_url, text

from mooring.adapters.database import Database, advisory_key
from mooring.adapters.database_engine import CONNECT_SECONDS
from mooring.adapters.repositories.runs_in_hand import lock_of
from mooring.adapters.run_news import CHANNEL
from mooring.sdk.ports import LogPort

SILENT_FOR, ASK_EVERY, ASKED = 5, 2, 3  # seconds, seconds, times
NOTICED_WITHIN = SILENT_FOR + ASK_EVERY * ASKED
AGAIN_AFTER = 0.2  # seconds; then another attempt to hold the lock
LISTEN_FOR = 0.2
SETTLED_AFTER = 2.0  # after an outage the others get their locks again in this time

# For both ends of the connection. A Unix socket has no use for them, and ignores them.
KEEPALIVE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": SILENT_FOR,
    "keepalives_interval": ASK_EVERY,
    "keepalives_count": ASKED,
    "tcp_user_timeout": NOTICED_WITHIN * 1000,
}
SESSION = {
    "tcp_keepalives_idle": SILENT_FOR,
    "tcp_keepalives_interval": ASK_EVERY,
    "tcp_keepalives_count": ASKED,
    "tcp_user_timeout": NOTICED_WITHIN * 1000,
    "idle_session_timeout": 0,
}
# Only those that the server's version has.
SET = """
SELECT set_config(known.name, wanted.value, false)
FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)
JOIN pg_settings AS known ON known.name = wanted.name
"""
FREE = "SELECT key FROM unnest(%s::bigint[]) AS key WHERE pg_try_advisory_lock(key)"
# Sessions of workers are named after them, and those of everybody else are not.
SESSION_OF = "mooring "
COMMAND_OF = "mooring-command "  # of one that executes a run of its own, and no other
AT_WORK = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() "
    "AND starts_with(application_name, :prefix))"
)
AT_WORK_NAMES = text(
    "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() "
    "AND starts_with(application_name, :prefix) ORDER BY 1"
)
# Looked at, not taken: for the moment that somebody else had it, its worker could not get it.
HELD = text(
    "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
    "WHERE datname = current_database() AND locktype = 'advisory' AND granted AND objsubid = 1 "
    "AND (classid::bigint << 32) | objid::bigint = :key)"
)
RELEASE = "SELECT pg_advisory_unlock(key) FROM unnest(%s::bigint[]) AS key"


class Locks(Protocol):
    """The locks of workers, seen by one of them."""

    @property
    def is_held(self) -> bool:
        """Whether this worker holds its own lock, without which it takes no work."""

    def free(self, names: Collection[str]) -> AbstractContextManager[frozenset[str]]:
        """Give those of the workers that are dead; for the block no other worker is told so."""


class LocksOfHome:
    """The locks where one worker alone may run: it lives, and nobody else."""

    is_held = True

    def free(self, names: Collection[str]) -> AbstractContextManager[frozenset[str]]:
        """Give all of them."""
        return nullcontext(frozenset(names))


def somebody_works(database: Database) -> bool:
    """Whether a worker lives, on whichever machine; over SQLite the home's lock tells."""
    if not database.is_postgresql:
        return False
    with database.read() as connection:
        return bool(connection.scalar(AT_WORK, {"prefix": SESSION_OF}))


def living_workers(database: Database) -> list[str]:
    """Name the workers that live, on whichever machine; long names are cut short."""
    if not database.is_postgresql:
        return []
    with database.read() as connection:
        found = connection.scalars(AT_WORK_NAMES, {"prefix": SESSION_OF})
        return [name.removeprefix(SESSION_OF) for name in found]


def holds_lock(database: Database, worker: str) -> bool:
    """Whether a worker on PostgreSQL lives: it, or a command that executes a run of its own."""
    with database.read() as connection:
        return bool(connection.scalar(HELD, {"key": _key(worker)}))


class ExecutorLocks:
    """The session of the worker ``name``; ``on_news`` is called when there may be new runs."""

    def __init__(
        self,
        database_url: str,
        *,
        name: str,
        log: LogPort,
        on_news: Callable[[], object],
        session_of: str = SESSION_OF,
    ) -> None:
        url = make_url(database_url).set(drivername="postgresql")
        self._address = url.render_as_string(hide_password=False)
        self._name = name
        self._title = f"{session_of}{name}"[:63]
        self._log = log
        self._on_news = on_news
        self._guard = threading.Lock()  # of the connection
        self._connection: psycopg.Connection[Any] | None = None
        self._settled_at = 0.0
        self._lost = False
        self._held = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="executor-lock", daemon=True)

    def __enter__(self) -> ExecutorLocks:
        """Begin to hold the lock, and keep at it until the block ends."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join(CONNECT_SECONDS)
        with self._guard:
            self._close()

    @property
    def is_held(self) -> bool:
        """Whether this worker holds its own lock, without which it takes no work."""
        return self._held.is_set()

    @contextmanager
    def free(self, names: Collection[str]) -> Iterator[frozenset[str]]:
        """Give those of the workers that are dead; for the block no other worker is told so.

        Shortly after an outage none is, for the living have to get their locks again.
        """
        keys = {_key(name): name for name in names if name != self._name}
        found = self._rows(FREE, keys) if keys and time.monotonic() > self._settled_at else []
        try:
            yield frozenset(keys[key] for key in found)
        finally:
            if found:
                self._rows(RELEASE, found)

    def _rows(self, query: str, keys: Collection[int]) -> list[Any]:
        """Ask on the session; without one, nobody is dead."""
        with self._guard:
            if self._connection is None:
                return []
            try:
                found = self._connection.execute(query, [list(keys)]).fetchall()
            except psycopg.Error as error:
                self._note_loss(error)
                return []
        return [value for (value,) in found]

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._connection is None:
                    self._open()
                else:
                    self._listen()
            except psycopg.Error as error:
                with self._guard:
                    self._note_loss(error)
            if self._connection is None:
                self._stopping.wait(AGAIN_AFTER)

    def _open(self) -> None:
        connection = psycopg.connect(
            self._address,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name=self._title,
            **KEEPALIVE,
        )
        try:
            connection.execute(SET, [list(SESSION), [str(value) for value in SESSION.values()]])
            # Somebody may be trying it this very moment, and lets go of it at once.
            connection.execute("SELECT pg_advisory_lock(%s)", [_key(self._name)])
            connection.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            connection.close()
            raise
        with self._guard:
            self._note_gain(connection)

    def _listen(self) -> None:
        """Wait for news, or for the end of the session, for a little while."""
        connection = self._connection
        if connection is None or not select.select([connection.fileno()], [], [], LISTEN_FOR)[0]:
            return
        with self._guard:
            if connection is self._connection and list(connection.notifies(timeout=0)):
                self._on_news()

    def _note_gain(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        if self._lost:
            self._settled_at = time.monotonic() + SETTLED_AFTER
            self._log.log("info", "job.worker.lock_regained", {"worker": self._name})
        self._lost = False
        self._held.set()
        self._on_news()  # Some of it may have passed unheard.

    def _note_loss(self, error: psycopg.Error) -> None:
        """Note that the session is over, or could not begin; said once an outage."""
        self._held.clear()
        self._close()
        if not self._lost:
            fields = {"worker": self._name, "reason": (str(error).splitlines() or ["-"])[0]}
            self._log.log("warn", "job.worker.lock_lost", fields)
        self._lost = True

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):  # It is over in either case.
                self._connection.close()
        self._connection = None
        self._held.clear()


def _key(name: str) -> int:
    return advisory_key(lock_of(name))
