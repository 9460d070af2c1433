"""What became of webhook deliveries, for people: looked at, sent again, forgotten in the end.

The server's own work on them is in ``deliveries``, which alone opens their requests; what is
changed here, it finds as it finds new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update

from mooring.adapters.database import Database
from mooring.adapters.repositories.short_ids import row_called, too_short
from mooring.adapters.tables import deliveries, installations
from mooring.errors import Conflict, NotFound
from mooring.model.delivery import Delivery, DeliveryState
from mooring.model.moment import iso

SWEPT_AT_ONCE = 1000

DEAD = deliveries.c.state == DeliveryState.DEAD.value
DONE = deliveries.c.state == DeliveryState.DONE.value
# Whoever works on a delivery has taken its error away.
FAILED = (deliveries.c.state == DeliveryState.PENDING.value) & deliveries.c.error.is_not(None)


@dataclass(frozen=True, slots=True)
class ShownDelivery:
    """A delivery and the account it is for; a global function's has none."""

    delivery: Delivery
    account: str


class DeliveryShelf:
    """The deliveries of one host."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recent(
        self,
        *,
        app_id: str | None = None,
        account: str | None = None,
        state: DeliveryState | None = None,
        limit: int = 100,
    ) -> list[ShownDelivery]:
        """Return deliveries without their requests, newest first."""
        query = _shown()
        for column, value in (
            (deliveries.c.app_id, app_id),
            (installations.c.account, account),
            (deliveries.c.state, state.value if state else None),
        ):
            if value is not None:
                query = query.where(column == value)
        newest = (deliveries.c.received_at.desc(), deliveries.c.delivery_id.desc())
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(*newest).limit(limit))
            return [_delivery(row) for row in rows]

    def named(self, text: str) -> ShownDelivery:
        """Return the delivery whose id begins or ends so, without its request.

        Raises NotFound, and UsageError for several.
        """
        row = row_called(
            self._database, _shown(), deliveries.c.delivery_id, text, many="deliveries"
        )
        if row is None:
            raise NotFound(
                f"There is no delivery {text}.",
                hint=f"{too_short(text)}`mooring functions deliveries` lists them.",
            )
        return _delivery(row)

    def send_again(self, delivery: Delivery, *, now: datetime) -> None:
        """Make it due, with all its attempts before it. Raises Conflict while it is in hand."""
        this = deliveries.c.delivery_id == delivery.delivery_id
        if not self._renew(this & (DONE | DEAD | FAILED), now=now):
            raise Conflict(
                f"The delivery {delivery.delivery_id} has not ended: it waits for its turn, or is "
                "being handled.",
                hint=f"See what becomes of it: mooring functions deliveries {delivery.delivery_id}",
            )

    def send_dead_again(self, app_id: str, *, account: str | None, now: datetime) -> int:
        """Make due what was set aside of an app, in one account or in all; return how many."""
        wanted = DEAD & (deliveries.c.app_id == app_id)
        if account is not None:
            there = select(installations.c.install_id).where(installations.c.account == account)
            wanted &= deliveries.c.install_id.in_(there)
        return self._renew(wanted, now=now)

    def dead(self) -> dict[str, int]:
        """Count what was set aside, by app."""
        query = select(deliveries.c.app_id, func.count().label("dead")).where(DEAD)
        query = query.group_by(deliveries.c.app_id).order_by(deliveries.c.app_id)
        with self._database.read() as connection:
            return {row.app_id: row.dead for row in connection.execute(query)}

    def sweep(self, *, received_before: datetime) -> int:
        """Forget what was handled and came before then; what was set aside stays."""
        old = DONE & (deliveries.c.received_at < received_before)
        few = select(deliveries.c.delivery_id).where(old).limit(SWEPT_AT_ONCE)
        forget = delete(deliveries).where(deliveries.c.delivery_id.in_(few))
        swept = 0
        while True:
            with self._database.write() as connection:
                gone = connection.execute(forget).rowcount
            swept += gone
            if gone < SWEPT_AT_ONCE:
                return swept

    def _renew(self, wanted: ColumnElement[bool], *, now: datetime) -> int:
        renewed = {"state": DeliveryState.PENDING.value, "attempts": 0, "error": None}
        change = update(deliveries).where(wanted).values(**renewed, due_at=now)
        with self._database.write() as connection:
            return connection.execute(change).rowcount


def shown_json(shown: ShownDelivery) -> dict[str, Any]:
    """Return what is said of a delivery, its request apart."""
    delivery = shown.delivery
    return {
        "delivery_id": delivery.delivery_id,
        "app_id": delivery.app_id,
        "account": shown.account,
        "function": delivery.function,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "received_at": iso(delivery.received_at),
        "due_at": iso(delivery.due_at) if delivery.state is DeliveryState.PENDING else None,
        "error": delivery.error,
    }


def _shown() -> Select[Any]:
    columns = [column for column in deliveries.c if column.name != "request"]
    source: Any = deliveries.outerjoin(
        installations, deliveries.c.install_id == installations.c.install_id
    )
    return select(*columns, installations.c.account).select_from(source)


def _delivery(row: Row[Any]) -> ShownDelivery:
    values = {"request": "", **row._mapping, "state": DeliveryState(row.state)}
    account = values.pop("account")
    return ShownDelivery(Delivery(**values), account or "")
