"""Where are webhook requests kept that were accepted for later?

Accepting is a promise to the sender, so it ends with a sync to the disk. Threads that accept at the
same time share one transaction, and so one sync: whoever gets the pen writes for all who wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from mooring.adapters.columns import storable
from mooring.adapters.database import Database, insert
from mooring.adapters.tables import WAITING, deliveries
from mooring.errors import NotFound
from mooring.model.delivery import Delivery, DeliveryState

BATCH = 500
ONCE = tuple(deliveries.c[n] for n in ("install_id", "app_id", "function", "dedupe_key"))

_Once = tuple[int, str, str, str]


class Deliveries:
    """The deliveries of one host (engine.ports.DeliveryRepository)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pen = threading.Lock()
        self._waiting: deque[_Waiting] = deque()

    def accept(self, delivery: Delivery) -> str:
        """Store it durably and return its id, or that of the earlier one with its dedupe_key."""
        mine = _Waiting(delivery)
        self._waiting.append(mine)
        with self._pen:
            return mine.accepted_as or self._write_with_all_waiting(mine)

    def accept_many(self, accepted: Sequence[Delivery]) -> list[str]:
        """Store several in one transaction; return their ids as ``accept`` does, in order."""
        unique = {_once(delivery): delivery for delivery in reversed(accepted)}
        ids: dict[_Once, str] = {}
        with self._database.write() as connection:
            pending = list(unique.values())
            for start in range(0, len(pending), BATCH):
                ids.update(_store(connection, pending[start : start + BATCH]))
        return [ids[_once(delivery)] for delivery in accepted]

    def due(self, now: datetime, *, limit: int = 20) -> list[Delivery]:
        """Return deliveries to process, earliest first."""
        query = select(deliveries).where(WAITING, deliveries.c.due_at <= now)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(deliveries.c.due_at).limit(limit))
            return [_delivery(row) for row in rows]

    def begin(self, delivery: Delivery, *, until: datetime) -> bool:
        """Claim a delivery for an attempt, which counts from now on, also if nobody ends it."""
        return self._held(delivery, until, attempts=deliveries.c.attempts + 1, error=None)

    def claim(self, delivery: Delivery, *, until: datetime) -> bool:
        """Hold a delivery until then; False when another process has it."""
        return self._held(delivery, until)

    def done(self, delivery_id: str) -> None:
        """Mark it handled. Raises NotFound."""
        self._change(delivery_id, state=DeliveryState.DONE.value, error=None)

    def retry(self, delivery_id: str, *, due_at: datetime, error: str, counts: bool = True) -> None:
        """Try again later; the attempt is forgotten unless it ``counts``. Raises NotFound."""
        again: dict[str, Any] = {"state": DeliveryState.PENDING.value, "due_at": due_at}
        if not counts:
            again["attempts"] = deliveries.c.attempts - 1
        self._change(delivery_id, **again, error=error)

    def hasten(self, install_id: int, *, now: datetime) -> int:
        """Make due what waits because it failed; return how many."""
        waiting = (deliveries.c.install_id == install_id) & deliveries.c.error.is_not(None)
        change = update(deliveries).where(WAITING, waiting, deliveries.c.due_at > now)
        with self._database.write() as connection:
            return connection.execute(change.values(due_at=now)).rowcount

    def bury(self, delivery_id: str, *, error: str) -> None:
        """Set it aside with its reason. Raises NotFound."""
        self._change(delivery_id, state=DeliveryState.DEAD.value, error=error)

    def recent(self, *, app_id: str | None = None, limit: int = 100) -> Sequence[Delivery]:
        """Return deliveries, newest first."""
        query = select(deliveries)
        if app_id is not None:
            query = query.where(deliveries.c.app_id == app_id)
        newest = (deliveries.c.received_at.desc(), deliveries.c.delivery_id.desc())
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(*newest).limit(limit))
            return [_delivery(row) for row in rows]

    def get(self, delivery_id: str) -> Delivery:
        """Return one. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(select(deliveries).where(_is(delivery_id))).one_or_none()
        if row is None:
            raise _unknown(delivery_id)
        return _delivery(row)

    def _held(self, delivery: Delivery, until: datetime, **values: Any) -> bool:
        unheld = (deliveries.c.due_at == delivery.due_at) & _is(delivery.delivery_id)
        with self._database.write() as connection:
            change = update(deliveries).where(WAITING, unheld).values(due_at=until, **values)
            return connection.execute(change).rowcount == 1

    def _write_with_all_waiting(self, mine: _Waiting) -> str:
        """Write for everybody; if one cannot be stored, each writes for itself."""
        batch = [mine]
        while self._waiting and len(batch) < BATCH:
            if (other := self._waiting.popleft()) is not mine:
                batch.append(other)
        try:
            ids = self.accept_many([waiting.delivery for waiting in batch])
        except SQLAlchemyError:
            return self.accept_many([mine.delivery])[0]
        for waiting, accepted_as in zip(batch, ids, strict=True):
            waiting.accepted_as = accepted_as
        return ids[0]

    def _change(self, delivery_id: str, **values: Any) -> None:
        change: Update = update(deliveries).where(_is(delivery_id)).values(**values)
        with self._database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise _unknown(delivery_id)


@dataclass(slots=True)
class _Waiting:
    """A thread's delivery on its way to the disk."""

    delivery: Delivery
    accepted_as: str | None = None


def _store(connection: Connection, batch: Sequence[Delivery]) -> dict[_Once, str]:
    rows = insert(connection, deliveries).values([_values(delivery) for delivery in batch])
    connection.execute(rows.on_conflict_do_nothing(index_elements=list(ONCE)))
    keys = [_once(delivery) for delivery in batch]
    found = connection.execute(
        select(deliveries.c.delivery_id, *ONCE).where(tuple_(*ONCE).in_(keys))
    )
    return {(key[0], key[1], key[2], key[3]): delivery_id for delivery_id, *key in found}


def _values(delivery: Delivery) -> dict[str, Any]:
    values = {column.name: getattr(delivery, column.name) for column in deliveries.c}
    return {**values, "state": delivery.state.value}


def _once(delivery: Delivery) -> _Once:
    key = storable(delivery.dedupe_key)
    return (delivery.install_id, delivery.app_id, delivery.function, key)


def _is(delivery_id: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = deliveries.c.delivery_id == delivery_id
    return found


def _delivery(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)
    return Delivery(**{**values, "state": DeliveryState(values["state"])})


def _unknown(delivery_id: str) -> NotFound:
    return NotFound(
        f"There is no delivery {delivery_id}.", hint="`mooring functions deliveries` lists them."
    )
