"""Which row is meant by some characters of its id?

The first or the last few are enough, for everything that has an id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
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

    Where the beginning of ids is the time, those of the same seconds differ in the end alone. An
    id in full needs no look at the others. Raises UsageError for several, which it calls ``many``.
    """
    if len(text) < SHORTEST:
        return None
    wanted = text.lower()
    begins = column.startswith(wanted, autoescape=True)
    ends = column.endswith(wanted, autoescape=True)
    with database.read() as connection:
        whole = connection.execute(query.where(column == wanted)).one_or_none()
        if whole is not None:
            return whole
        rows = connection.execute(query.where(begins | ends).limit(MOST_NAMED)).all()
    _check_one([row._mapping[column] for row in rows], text, many=many)
    return rows[0] if rows else None


def id_called(ids: Iterable[str], text: str, *, many: str) -> str | None:
    """Return the one of some ids that begins or ends so, if there is one, as ``row_called``."""
    wanted = text.lower()
    if len(wanted) < SHORTEST:
        return None
    found = [each for each in ids if each.startswith(wanted) or each.endswith(wanted)]
    if wanted in found:
        return wanted
    _check_one(found[:MOST_NAMED], text, many=many)
    return found[0] if found else None


def too_short(text: str) -> str:
    """Say so if that may be the reason why nothing is called so; else nothing."""
    return f"Give at least {SHORTEST} characters of an id. " if len(text) < SHORTEST else ""


def _check_one(ids: Collection[str], text: str, *, many: str) -> None:
    if len(ids) > 1:
        raise UsageError(
            f"Several {many} begin or end with {text}.",
            hint=f"Their last characters tell them apart: {', '.join(ids)}.",
        )
