"""Where is kept what apps tell the people whose account it is, and for how long?

Of each installation the latest 1,000 are kept. Secrets are masked before anything is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from mooring.adapters.database import Database
from mooring.adapters.tables import notifications
from mooring.model.installation import Installation
from mooring.model.notification import LEVELS, Level, Notification, fitted
from mooring.sdk.ports import Clock

MOST_KEPT = 1000  # of each installation


class Notifications:
    """The notifications of one host (engine.ports.NotificationRepository)."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        hide: Callable[[str], str],
        most: int = MOST_KEPT,
    ) -> None:
        self._database = database
        self._clock = clock
        self._hide = hide
        self._most = most

    def add(
        self,
        installation: Installation,
        level: Level,
        activity: str,
        title: str,
        summary: str,
        details: str | None = None,
    ) -> Notification:
        """Keep one; what is too long is cut."""
        given = {"activity": activity, "title": title, "summary": summary, "details": details}
        texts = {name: self._fit(name, text) for name, text in given.items() if text is not None}
        row = {
            **texts,
            "at": self._clock.now(),
            "level": level,
            "install_id": installation.install_id,
            "app_id": installation.app_id,
            "account": installation.account,
        }
        with self._database.write() as connection:
            insert = notifications.insert().values(row).returning(*notifications.c)
            added = connection.execute(insert).one()
            self._forget_old(connection, installation.install_id)
        return _notification(added)

    def recent(
        self,
        *,
        account: str | None = None,
        app_id: str | None = None,
        level: Level | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[Notification]:
        """Return the latest, newest first; of ``level`` and above, and newer than ``after``."""
        wanted = LEVELS[LEVELS.index(level) :] if level else LEVELS
        query = select(notifications).where(
            notifications.c.level.in_(wanted), notifications.c.notification_id > after
        )
        if account is not None:
            query = query.where(notifications.c.account == account)
        if app_id is not None:
            query = query.where(notifications.c.app_id == app_id)
        query = query.order_by(notifications.c.notification_id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_notification(row) for row in connection.execute(query)]

    def _fit(self, name: str, text: str) -> str:
        """Mask before cutting: half a secret would not be recognised."""
        return fitted(name, self._hide(str(text).strip()))

    def _forget_old(self, connection: Connection, install_id: int) -> None:
        own = notifications.c.install_id == install_id
        newest = select(notifications.c.notification_id).where(own)
        newest = newest.order_by(notifications.c.notification_id.desc())
        last_kept = connection.scalar(newest.offset(self._most - 1).limit(1))
        if last_kept is not None:
            old = notifications.c.notification_id < last_kept
            connection.execute(delete(notifications).where(own, old))


def _notification(row: Row[Any]) -> Notification:
    return Notification(**row._mapping)
