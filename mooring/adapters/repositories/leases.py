"""Who may do something alone for a while? Leases by name; one that is not given back runs out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from mooring.adapters.database import Database, insert
from mooring.adapters.tables import leases
from mooring.sdk.ports import Clock


class Leases:
    """The leases of one host, among all of its processes (engine.ports.LeaseRepository)."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def acquire(self, name: str, *, holder: str, seconds: float) -> bool:
        """Take the lease, or renew one's own; False while somebody else has it."""
        now = self._clock.now()
        values = {"holder": holder, "until": now + timedelta(seconds=seconds)}
        with self._database.write() as connection:
            row = insert(connection, leases).values(name=name, **values)
            taken = row.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_=values,
                where=(leases.c.until <= now) | (leases.c.holder == holder),
            )
            return bool(connection.scalar(taken.returning(leases.c.holder)) == holder)

    def release(self, name: str, *, holder: str) -> None:
        """Give the lease back; what somebody else has meanwhile stays theirs."""
        own = (leases.c.name == name) & (leases.c.holder == holder)
        with self._database.write() as connection:
            connection.execute(delete(leases).where(own))
