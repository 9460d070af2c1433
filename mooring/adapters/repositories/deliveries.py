"""Where are webhook requests kept that were accepted for later?

Accepting is a promise to the sender, so it ends with a sync to the disk. Many that are accepted at
once share one transaction, and so one sync; a batch is one statement, for every statement of
SQLite's costs this thread its turn in the interpreter. Requests may hold credentials, and always
hold what is nobody else's business: they are sealed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, select, tuple_, update

from mooring.adapters.columns import storable, to_micros
from mooring.adapters.database import Database, hold
from mooring.adapters.secrets.sealing import Seal
from mooring.adapters.tables import WAITING, deliveries
from mooring.errors import NotFound, RecordInvalid
from mooring.model.delivery import Delivery, DeliveryState

MOST_ROWS = 64  # in one statement: so many forms of it stay prepared
DUE_CHARACTERS = 8_000_000
ONCE = tuple(deliveries.c[n] for n in ("install_id", "app_id", "function", "dedupe_key"))

_Once = tuple[int, str, str, str]


class Deliveries:
    """The deliveries of one host (engine.ports.DeliveryRepository)."""

    def __init__(self, database: Database, *, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def accept(self, accepted: Sequence[Delivery]) -> list[str]:
        """Store them durably and return their ids, or those of earlier ones with a dedupe_key.

        All are stored in one transaction, or none.
        """
        keys = [_once(delivery) for delivery in accepted]
        unique = dict(zip(reversed(keys), reversed(accepted), strict=True))
        ids = {key: delivery.delivery_id for key, delivery in unique.items()}
        # In one order everywhere, so that no two processes wait for each other.
        order = sorted(unique)
        pending = [unique[key] for key in order]
        texts = [(delivery.request, delivery.delivery_id) for delivery in pending]
        rows = list(map(_values, order, pending, self._seal.close_all(texts)))
        if len(rows) <= MOST_ROWS and self._store_at_once(rows):
            return [ids[key] for key in keys]
        with self._database.write() as connection:
            for start in range(0, len(rows), MOST_ROWS):
                batch = pending[start : start + MOST_ROWS]
                if _store(connection, rows[start : start + MOST_ROWS]) < len(batch):
                    ids.update(_found(connection, batch))
        return [ids[key] for key in keys]

    def _store_at_once(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Store rows by a statement alone; False where some were there, which that does not name.

        Whoever asks by which, in a transaction, finds those that were stored just now like them.
        """
        style = "format" if self._database.is_postgresql else "qmark"
        stored = self._database.write_one(_insertion(style, len(rows)), tuple(chain(*rows)))
        return stored == len(rows)

    def due(
        self,
        now: datetime,
        *,
        limit: int = 20,
        apart_from: Collection[int] = (),
        suspects: bool = True,
    ) -> list[Delivery]:
        """Return deliveries to process, earliest first, apart from those of some installations.

        Without ``suspects`` also apart from those whose last attempt came to no end. Few, where
        they are large.
        """
        query = select(deliveries).where(WAITING, deliveries.c.due_at <= now)
        if apart_from:
            query = query.where(deliveries.c.install_id.not_in(apart_from))
        if not suspects:
            query = query.where((deliveries.c.attempts == 0) | deliveries.c.error.is_not(None))
        found: list[Delivery] = []
        room = DUE_CHARACTERS
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(deliveries.c.due_at).limit(limit)):
                found.append(self._delivery(row))
                room -= len(found[-1].request)
                if room < 0:
                    break
        return found

    def begin(self, due: Sequence[Delivery], *, until: datetime) -> list[Delivery]:
        """Claim deliveries for an attempt, which counts from now on, also if nobody ends it.

        Return, as they were, those that no other process has: what another one holds is due later
        than everything that was seen to be due.
        """
        seen = max((delivery.due_at for delivery in due), default=until)
        return self._held(
            due,
            deliveries.c.due_at <= seen,
            due_at=until,
            attempts=deliveries.c.attempts + 1,
            error=None,
        )

    def claim(self, held: Sequence[Delivery], *, until: datetime) -> list[Delivery]:
        """Hold deliveries until then; return, as they were, those that no other process has."""
        together = defaultdict(list)
        for delivery in held:
            together[delivery.due_at].append(delivery)
        return [
            delivery
            for due_at, several in together.items()
            for delivery in self._held(several, deliveries.c.due_at == due_at, due_at=until)
        ]

    def done(self, delivery_ids: Sequence[str]) -> None:
        """Mark them handled; those that are gone stay so."""
        if not delivery_ids:
            return
        handled = deliveries.c.delivery_id.in_(delivery_ids)
        change = update(deliveries).where(handled)
        with self._database.write() as connection:
            connection.execute(change.values(state=DeliveryState.DONE.value, error=None))

    def retry(
        self, delivery_id: str, *, due_at: datetime, error: str | None, counts: bool = True
    ) -> None:
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
            return [self._delivery(row) for row in rows]

    def get(self, delivery_id: str) -> Delivery:
        """Return one. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(select(deliveries).where(_is(delivery_id))).one_or_none()
        if row is None:
            raise _unknown(delivery_id)
        return self._delivery(row)

    def _held(
        self, wanted: Sequence[Delivery], is_unheld: ColumnElement[bool], **values: Any
    ) -> list[Delivery]:
        """Hold them all with one statement, or each with its own where others hold some."""
        if not wanted:
            return []
        change = update(deliveries).where(WAITING, is_unheld).values(**values)
        ids = [delivery.delivery_id for delivery in wanted]
        with self._database.write() as connection:
            hold(connection, deliveries.name)
            with connection.begin_nested() as attempt:
                all_of_them = change.where(deliveries.c.delivery_id.in_(ids))
                if connection.execute(all_of_them).rowcount == len(ids):
                    return list(wanted)
                attempt.rollback()
            return [
                delivery
                for delivery in wanted
                if connection.execute(change.where(_is(delivery.delivery_id))).rowcount
            ]

    def _delivery(self, row: Row[Any]) -> Delivery:
        """Read a row; a request that does not open stays sealed, and holds up no other."""
        values = dict(row._mapping)
        with suppress(RecordInvalid):
            values["request"] = self._seal.open(values["request"], place=values["delivery_id"])
        return Delivery(**{**values, "state": DeliveryState(values["state"])})

    def _change(self, delivery_id: str, **values: Any) -> None:
        change: Update = update(deliveries).where(_is(delivery_id)).values(**values)
        with self._database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise _unknown(delivery_id)


def _store(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert rows unless they are there; return how many were not."""
    statement = _insertion(connection.dialect.paramstyle, len(rows))
    return connection.exec_driver_sql(statement, tuple(chain(*rows))).rowcount


@cache
def _insertion(paramstyle: str, rows: int) -> str:
    """Write the statement once: the text that Core would make of it costs more than its run."""
    mark = "?" if paramstyle == "qmark" else "%s"
    columns = [column.name for column in deliveries.c]
    row = f"({', '.join([mark] * len(columns))})"
    once = ", ".join(column.name for column in ONCE)
    return (
        f"INSERT INTO {deliveries.name} ({', '.join(columns)}) VALUES "  # noqa: S608  # names alone
        f"{', '.join([row] * rows)} ON CONFLICT ({once}) DO NOTHING"
    )


def _found(connection: Connection, batch: Sequence[Delivery]) -> Mapping[_Once, str]:
    keys = [_once(delivery) for delivery in batch]
    found = connection.execute(
        select(deliveries.c.delivery_id, *ONCE).where(tuple_(*ONCE).in_(keys))
    )
    return {(key[0], key[1], key[2], key[3]): delivery_id for delivery_id, *key in found}


def _values(once: _Once, delivery: Delivery, sealed: str) -> tuple[Any, ...]:
    """Return a row's values in the order of the table's columns, as the driver takes them."""
    return (
        delivery.delivery_id,
        *once,
        sealed,
        delivery.state.value,
        delivery.attempts,
        to_micros(delivery.received_at),
        to_micros(delivery.due_at),
        None if delivery.error is None else storable(delivery.error),
    )


def _once(delivery: Delivery) -> _Once:
    key = storable(delivery.dedupe_key)
    return (delivery.install_id, delivery.app_id, delivery.function, key)


def _is(delivery_id: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = deliveries.c.delivery_id == delivery_id
    return found


def _unknown(delivery_id: str) -> NotFound:
    return NotFound(
        f"There is no delivery {delivery_id}.", hint="`mooring functions deliveries` lists them."
    )
