"""How is every row of the encrypted store brought under one key while others use them?

Some rows at a time, each batch in a transaction of its own that waits for nobody: who does not wait
cannot be waited for in a circle. Rows that somebody holds meanwhile come in another pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, tuple_, update

from mooring.adapters.database import Database
from mooring.adapters.secrets.encrypted import EncryptedKeyring, sealed_under
from mooring.adapters.secrets.master_key import MasterKey
from mooring.adapters.tables import sealed_secrets
from mooring.errors import Conflict, SecretStoreUnusable

BATCH = 200
PAUSE = 0.05  # seconds, before a pass for what others hold
MOST_PAUSES = 600

Progress = Callable[[int, int], object]

_SERVICE, _NAME = sealed_secrets.c.service, sealed_secrets.c.username
_FIRST = ("", "")


class Renewal:
    """Encrypts anew, under ``key``, what is under another."""

    def __init__(self, store: EncryptedKeyring, database: Database, *, key: MasterKey) -> None:
        self._store = store
        self._database = database
        self._key = key
        self._old = sealed_secrets.c.key_id != key.key_id
        self._unreadable: set[tuple[str, str]] = set()

    @property
    def unreadable(self) -> tuple[str, ...]:
        """What no key opens; it stays as it is."""
        return tuple(" ".join(place) for place in sorted(self._unreadable))

    def run(self, progress: Progress) -> int:
        """Renew everything; return how many values. Raises Conflict when others hold on to one."""
        done, pauses, total = 0, 0, self._left()
        while True:
            renewed = self._pass(partial(_add, progress, done, total))
            done += renewed
            if not self._left():
                return done
            if not renewed:
                pauses += 1
                time.sleep(PAUSE)
            if pauses > MOST_PAUSES:
                raise Conflict(
                    "Another process keeps some secrets locked.",
                    hint="Find out which, then run `mooring secrets rotate` again: it goes on.",
                )

    def _pass(self, progress: Callable[[int], object]) -> int:
        renewed, after = 0, _FIRST
        while rows := self._renew_some(after):
            after = (rows[-1].service, rows[-1].username)
            renewed += sum((row.service, row.username) not in self._unreadable for row in rows)
            progress(renewed)
        return renewed

    def _renew_some(self, after: tuple[str, str]) -> Sequence[Row[Any]]:
        """Renew the next rows past ``after``; return them as they were."""
        query = select(sealed_secrets).where(self._old, tuple_(_SERVICE, _NAME) > after)
        query = query.order_by(_SERVICE, _NAME).limit(BATCH).with_for_update(skip_locked=True)
        with self._database.overwriting() as connection:
            rows = connection.execute(query).all()
            for row in rows:
                if sealed := self._renewed(row):
                    change = update(sealed_secrets).where(*_is(row)).values(**sealed)
                    connection.execute(change)
        return rows

    def _renewed(self, row: Row[Any]) -> dict[str, Any] | None:
        try:
            value = self._store.opened(row)
        except SecretStoreUnusable:
            # Whatever became of it, the others come under the new key; this one is reported.
            self._unreadable.add((row.service, row.username))
            return None
        return sealed_under(self._key, row.service, row.username, value)

    def _left(self) -> int:
        query = select(func.count()).select_from(sealed_secrets).where(self._old)
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0) - len(self._unreadable)


def _is(row: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """Say which row, in terms of the database."""
    columns = (sealed_secrets.c.service, sealed_secrets.c.username)
    return tuple(c == v for c, v in zip(columns, (row.service, row.username), strict=True))


def _add(progress: Progress, before: int, total: int, passed: int) -> None:
    progress(before + passed, max(total, before + passed))
