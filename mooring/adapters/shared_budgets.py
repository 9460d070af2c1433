"""How do machines that work on one PostgreSQL database keep the rates of a credential together?

By one table of calls, and by the server's clock, for theirs need not agree. A call locks its
budgets for the three statements it takes to look and to add itself; one that finds no room leaves
nothing behind and waits outside. That it is stored is not waited for: what a crash of the server
takes is a moment of memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from mooring.adapters.budgets import Budgets, before_last, hash_of, kept, microseconds
from mooring.adapters.database import Database, advisory_key
from mooring.sdk.ports import Budget, Clock, Rate

TIDY_EVERY = 60.0  # seconds, for each budget in each process
NOW = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
ADD = text("INSERT INTO budget_calls (budget, at) VALUES (:budget, :at)")
TIDY = text("DELETE FROM budget_calls WHERE budget = :budget AND (at > :now OR at < :old)")
# Calls from the future remain when the server's clock was set back; they mean nothing.
NTH_LAST = (
    "(SELECT at FROM budget_calls WHERE budget = :budget{0} AND at <= :now "
    "ORDER BY at DESC LIMIT 1 OFFSET :before{0})"
)


def server_time(connection: Connection) -> int:
    """Return the microseconds since 1970 by the server's clock."""
    return int(connection.execute(NOW).scalar_one())


class SharedBudgets(Budgets):
    """Admits calls to budgets; all machines on the database share them."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        now: Callable[[Connection], int] = server_time,
    ) -> None:
        super().__init__(clock=clock)
        self._database = database
        self._server_time = now
        self._tidied: dict[bytes, float] = {}

    def close(self) -> None:
        """Close nothing: the database is the host's."""

    def _admit(self, budgets: Sequence[Budget]) -> tuple[int, Budget | None]:
        """Count the call if every budget has room; else tell when, and which is the fullest."""
        with self._database.write() as connection:
            _lock(connection, budgets)
            now = self._server_time(connection)
            at, fullest = max(_room(connection, budgets, now), key=lambda known: known[0])
            if at > now:
                return self._now() + at - now, fullest
            rows = [{"budget": hash_of(budget), "at": now} for budget in budgets]
            connection.execute(ADD, rows)
            self._tidy(connection, budgets, now)
            return self._now(), None

    def _tidy(self, connection: Connection, budgets: Sequence[Budget], now: int) -> None:
        """Forget the old calls of a budget, once in a while."""
        for budget in budgets:
            name, at = hash_of(budget), time.monotonic()
            if at - self._tidied.get(name, at - TIDY_EVERY) >= TIDY_EVERY:
                self._tidied[name] = at
                values = {"budget": name, "now": now, "old": now - kept(budget)}
                connection.execute(TIDY, values)


def _lock(connection: Connection, budgets: Sequence[Budget]) -> None:
    """Keep others out of these budgets until the transaction ends; always in the same order."""
    keys = sorted({advisory_key(f"budget/{hash_of(budget).hex()}") for budget in budgets})
    locks = ", ".join(f"pg_advisory_xact_lock(:key{n})" for n in range(len(keys)))
    values = {f"key{n}": key for n, key in enumerate(keys)}
    quick = "set_config('synchronous_commit', 'off', true)"
    connection.execute(text(f"SELECT {quick}, {locks}"), values)


def _room(
    connection: Connection, budgets: Sequence[Budget], now: int
) -> list[tuple[int, Budget | None]]:
    """Return for each rate the moment at which its last ``count`` calls no longer fill a window."""
    rates: list[tuple[Budget, Rate]] = [(b, rate) for b in budgets for rate in b.rates]
    values: dict[str, Any] = {"now": now}
    for n, (budget, rate) in enumerate(rates):
        values |= {f"budget{n}": hash_of(budget), f"before{n}": before_last(rate)}
    room: list[tuple[int, Budget | None]] = [(now, None)]
    if rates:
        query = ", ".join(NTH_LAST.format(n) for n in range(len(rates)))
        found = connection.execute(text(f"SELECT {query}"), values).one()
        room += [
            (int(at) + microseconds(rate.seconds), budget)
            for at, (budget, rate) in zip(found, rates, strict=True)
            if at is not None
        ]
    return room
