"""Which row is meant by some characters of its id?"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Select

from mooring.adapters.database import Database
from mooring.errors import UsageError

SHORTEST = 4  # characters of an id that may stand for it
MOST_NAMED = 5


def row_called(
    database: Database, query: Select[Any], column: ColumnElement[str], text: str, *, many: str
) -> Row[Any] | None:
    """Return the row of a query whose id in ``column`` begins or ends so, if there is one.

    Where the beginning of ids is the time, those of the same seconds differ in the end alone.
    Raises UsageError for several, which it calls ``many``.
    """
    if len(text) < SHORTEST:
        return None
    wanted = text.lower()
    begins = column.startswith(wanted, autoescape=True)
    ends = column.endswith(wanted, autoescape=True)
    with database.read() as connection:
        rows = connection.execute(query.where(begins | ends).limit(MOST_NAMED)).all()
    if len(rows) > 1:
        ids = ", ".join(row._mapping[column] for row in rows)
        raise UsageError(
            f"Several {many} begin or end with {text}.",
            hint=f"Their last characters tell them apart: {ids}.",
        )
    return rows[0] if rows else None
