"""How do processes that use one credential keep its rates together? By one log of calls.

On one machine it is a file of the home (``BudgetKeeper``); the machines that work on one PostgreSQL
database share a table (``shared_budgets``).

A call looks into the log and adds itself within one short write transaction, so in no window of a
rate are there ever more calls than the rate allows, whatever the number of processes. A call that
finds no room leaves nothing behind and waits outside: it holds up nobody, and SIGKILL at any moment
leaves no lock and at most a call that was counted and not made.

Why not pyrate-limiter: its SQLite bucket, right across processes too, needs a table and a lock file
for each budget, and it cannot admit a call to two budgets at once or to neither.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from mooring.adapters.sqlite_engine import BUSY_SECONDS, use_wal
from mooring.errors import HomeUnusable, RateLimited
from mooring.sdk.ports import Budget, Clock, Rate

KEPT_MICROSECONDS = 3600 * 1_000_000
TABLES = """
CREATE TABLE IF NOT EXISTS calls (budget BLOB NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS calls_by_budget ON calls (budget, at);
"""


class Budgets(ABC):
    """Admits calls to budgets; the log of them, wherever it is, holds no credential."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def acquire(self, budgets: Sequence[Budget], *, within: float) -> None:
        """Count one call against all of the budgets, waiting up to ``within`` seconds for room.

        Raises RateLimited, which says after how long there will be room, without having waited in
        vain.
        """
        if not budgets:
            return
        deadline = self._now() + microseconds(within)
        while True:
            admitted_at, fullest = self._admit(budgets)
            if fullest is None:
                return
            if admitted_at > deadline:
                raise _exhausted(fullest, (admitted_at - self._now()) / 1e6)
            self._clock.sleep(max(admitted_at - self._now(), 1000) / 1e6)

    @abstractmethod
    def close(self) -> None:
        """Close the log; the next call opens it again."""

    @abstractmethod
    def _admit(self, budgets: Sequence[Budget]) -> tuple[int, Budget | None]:
        """Count the call if every budget has room; else tell when, and which is the fullest."""

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1e6)


class BudgetKeeper(Budgets):
    """Admits calls to budgets; any number of threads and processes share the file.

    The file holds hashes and times; losing it costs one window of memory.
    """

    def __init__(self, path: Path, *, clock: Clock) -> None:
        super().__init__(clock=clock)
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _admit(self, budgets: Sequence[Budget]) -> tuple[int, Budget | None]:
        """Count the call if every budget has room; else tell when, and which is the fullest."""
        with self._transaction() as connection:
            now = self._now()
            times = [(_room_at(connection, b, now=now), b) for b in budgets]
            at, fullest = max(times, key=lambda known: known[0])
            if at > now:
                return at, fullest
            rows = [(hash_of(budget), now) for budget in budgets]
            connection.executemany("INSERT INTO calls VALUES (?, ?)", rows)
            return now, None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Keep every other process out for the length of the block."""
        with self._lock:
            try:
                connection = self._connection or self._opened()
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
            except sqlite3.Error as error:
                raise _unusable(self._path, str(error)) from error

    def _opened(self) -> sqlite3.Connection:
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise _unusable(self._path, error.strerror or str(error)) from error
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            use_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(TABLES)
        except sqlite3.Error:
            connection.close()
            raise
        self._connection = connection
        return connection


def _room_at(connection: sqlite3.Connection, budget: Budget, *, now: int) -> int:
    """Return the earliest moment, from now on, at which every rate of the budget has room."""
    budget_hash = hash_of(budget)
    # Calls from the future remain when the machine's clock was set back; they mean nothing.
    connection.execute(
        "DELETE FROM calls WHERE budget = ? AND (at > ? OR at < ?)",
        (budget_hash, now, now - kept(budget)),
    )
    return max([now, *(_free_at(connection, budget_hash, rate) for rate in budget.rates)])


def _free_at(connection: sqlite3.Connection, budget_hash: bytes, rate: Rate) -> int:
    """Return when the last ``count`` calls no longer fill one window."""
    nth_last = connection.execute(
        "SELECT at FROM calls WHERE budget = ? ORDER BY at DESC LIMIT 1 OFFSET ?",
        (budget_hash, before_last(rate)),
    ).fetchone()
    return 0 if nth_last is None else int(nth_last[0]) + microseconds(rate.seconds)


def before_last(rate: Rate) -> int:
    """Return how many calls come after the one whose end of window has room for another."""
    if rate.count < 1:
        raise ValueError(f"A rate allows at least one call, not {rate.count}.")
    return rate.count - 1


def kept(budget: Budget) -> int:
    """Return for how many microseconds a call is of interest."""
    windows = (microseconds(rate.seconds) for rate in budget.rates)
    return max((KEPT_MICROSECONDS, *windows))


def hash_of(budget: Budget) -> bytes:
    """Name the budget in the log; the credential cannot be had back from it."""
    return hashlib.sha256(f"{len(budget.name)}:{budget.name}{budget.key}".encode()).digest()


def microseconds(seconds: float) -> int:
    """Count them."""
    return int(timedelta(seconds=seconds) / timedelta(microseconds=1))


def _exhausted(budget: Budget, seconds: float) -> RateLimited:
    return RateLimited(
        f"The budget {budget.name} is used up for {seconds:.1f} s, longer than this call may wait.",
        hint="Try again then, or give the call a longer timeout.",
        status=None,
        retry_after=max(seconds, 0.001),
    )


def _unusable(path: Path, reason: str) -> HomeUnusable:
    return HomeUnusable(
        f"The log of calls under a budget cannot be used: {reason}.",
        where=str(path),
        hint="Make the home writable and its disk roomy; if the file is damaged, delete it: it "
        "holds only what was called lately.",
    )
