"""What happened to installations? Entries are added and never changed, also after a purge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, select

from mooring.adapters.database import Database
from mooring.adapters.tables import history
from mooring.model.history import HistoryEntry
from mooring.model.installation import Installation
from mooring.sdk.ports import Clock

COLUMNS = tuple(column for column in history.c if column.name != "entry_id")
LONGEST_MESSAGE = 2000


class History:
    """The history of one host's installations (engine.ports.HistoryRepository).

    ``actor`` is whose hand this process is; ``hide`` takes secrets out of what is said.
    """

    def __init__(
        self, database: Database, *, clock: Clock, actor: str, hide: Callable[[str], str]
    ) -> None:
        self._database = database
        self._clock = clock
        self._actor = actor
        self._hide = hide

    def record(
        self, installation: Installation, action: str, *, outcome: str = "done", message: str = ""
    ) -> None:
        """Add an entry; ``message`` names sections, keys and reasons, never values."""
        entry = history.insert().values(
            at=self._clock.now(),
            actor=self._actor,
            install_id=installation.install_id,
            app_id=installation.app_id,
            account=installation.account,
            version=installation.version,
            action=action,
            outcome=outcome,
            message=self._hide(message)[:LONGEST_MESSAGE],
        )
        with self._database.write() as connection:
            connection.execute(entry)

    def of(
        self,
        *,
        install_id: int | None = None,
        app_id: str | None = None,
        account: str | None = None,
        limit: int = 100,
    ) -> list[HistoryEntry]:
        """Return entries, newest first."""
        query = select(*COLUMNS).order_by(history.c.entry_id.desc())
        for column, wanted in (
            (history.c.install_id, install_id),
            (history.c.app_id, app_id),
            (history.c.account, account),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(query.limit(limit))]


def _entry(row: Row[Any]) -> HistoryEntry:
    return HistoryEntry(**row._mapping)
