"""Where are the authorizations kept that were begun? Each can be used once, by one process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from mooring.adapters.database import Database
from mooring.adapters.tables import authorizations
from mooring.model.authorization import Authorization

KEPT_FOR = timedelta(days=1)  # after it expired: a late visitor is told so, not "unknown"


class Authorizations:
    """The authorizations of one host (engine.ports.AuthorizationRepository)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, authorization: Authorization) -> None:
        """Write a new one, and forget those that expired long ago."""
        values = {column.name: getattr(authorization, column.name) for column in authorizations.c}
        old = authorizations.c.expires_at < authorization.created_at - KEPT_FOR
        with self._database.write() as connection:
            connection.execute(delete(authorizations).where(old))
            connection.execute(authorizations.insert().values(values))

    def get(self, state_id: str) -> Authorization | None:
        """Return one, whether or not it can still be used."""
        query = select(authorizations).where(authorizations.c.state_id == state_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Authorization(**row._mapping)

    def use(self, state_id: str, *, now: datetime) -> bool:
        """Use it up; False when it was used before or has expired."""
        usable = (
            (authorizations.c.state_id == state_id)
            & authorizations.c.used_at.is_(None)
            & (authorizations.c.expires_at > now)
        )
        with self._database.write() as connection:
            used = connection.execute(update(authorizations).where(usable).values(used_at=now))
            return used.rowcount == 1

    def conclude(self, state_id: str, outcome: Mapping[str, Any]) -> None:
        """Write down what became of it."""
        change = update(authorizations).where(authorizations.c.state_id == state_id)
        with self._database.write() as connection:
            connection.execute(change.values(outcome=outcome))
