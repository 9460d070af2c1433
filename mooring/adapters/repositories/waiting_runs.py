"""Which runs would wait too long, because a clock was set back since it was said until when?

A run that is put off notes by the same clock when that was. When that is still to come, the clock
was wrong then or is wrong now; what is certain is how long the run was to wait.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, type_coerce, update

from mooring.adapters.columns import to_micros
from mooring.adapters.database import Database
from mooring.adapters.tables import PENDING, runs

AT_MOST = timedelta(seconds=5)  # that the clocks of machines are apart


class WaitingRuns:
    """The runs of one database that were put off."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mend(self, now: datetime) -> int:
        """Let those that were put off in the future wait from now on; return how many."""
        early = type_coerce(runs.c.heartbeat_at, BigInteger) - to_micros(now)
        until = type_coerce(runs.c.not_before, BigInteger) - early
        change = (
            update(runs)
            .where(PENDING, runs.c.heartbeat_at > now + AT_MOST)
            .values(not_before=until, heartbeat_at=now)
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount
