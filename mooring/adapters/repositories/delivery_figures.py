"""How many deliveries wait or were set aside, by function? Counted over indexes of exactly those.

Those that were handled are not counted: they are many, and are swept after a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from mooring.adapters.database import Database
from mooring.adapters.tables import DEAD, WAITING, deliveries


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """What of one function's deliveries is not done, and since when the first of them is due."""

    app_id: str
    function: str
    pending: int
    dead: int
    due_since: datetime | None


def delivery_figures(database: Database, *, now: datetime) -> list[DeliveryFigures]:
    """Count what waits and what was set aside."""
    of = (deliveries.c.app_id, deliveries.c.function)
    due = func.min(case((deliveries.c.due_at <= now, deliveries.c.due_at)))
    waiting = select(*of, func.count(), due).where(WAITING).group_by(*of)
    buried = select(*of, func.count()).where(DEAD).group_by(*of)
    with database.read() as connection:
        pending = {(app, name): (n, at) for app, name, n, at in connection.execute(waiting)}
        dead = {(app, name): n for app, name, n in connection.execute(buried)}
    found = []
    for app_id, function in sorted({*pending, *dead}):
        count, due_since = pending.get((app_id, function), (0, None))
        set_aside = dead.get((app_id, function), 0)
        found.append(DeliveryFigures(app_id, function, count, set_aside, due_since))
    return found
