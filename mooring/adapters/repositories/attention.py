"""Which installations need attention? Marks in their rows, changed by one process at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, null, select, update

from mooring.adapters.database import Database, bump
from mooring.adapters.repositories.installations import (
    INSTALLS,
    accepted_of,
    attentions_of,
)
from mooring.adapters.tables import installations
from mooring.model.installation import Attention, InstallationState
from mooring.model.moment import iso

INSTALLED, NEEDS_ATTENTION = InstallationState.INSTALLED, InstallationState.NEEDS_ATTENTION

# One that is still being installed is undone on failure; one that is gone is nobody's concern.
CONCERNED = frozenset({INSTALLED, NEEDS_ATTENTION, "upgrading", "uninstalling"})


class AttentionMarks:
    """The marks of all installations (engine.ports.AttentionRepository)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self, install_id: int, attention: Attention, *, began: datetime) -> bool:
        """Mark a section; False if it is marked, or was accepted since ``began``."""
        with self._database.write() as connection:
            row = _held(connection, install_id)
            if row is None or row.state not in CONCERNED:
                return False
            marks, accepted = attentions_of(row), accepted_of(row)
            since = accepted.get(attention.section)
            if any(m.section == attention.section for m in marks) or (since and since >= began):
                return False
            _write(connection, row, [*marks, attention], accepted)
            return True

    def accept(self, install_id: int, section: str, *, now: datetime) -> bool:
        """Note that a section was accepted, and take its mark away; tell whether it had one."""
        with self._database.write() as connection:
            row = _held(connection, install_id)
            if row is None:
                return False
            marks = attentions_of(row)
            left = [mark for mark in marks if mark.section not in (section, "")]
            _write(connection, row, left, {**accepted_of(row), section: now})
            return len(left) < len(marks)


def _held(connection: Connection, install_id: int) -> Row[Any] | None:
    """Read an installation's row, and keep others from it until the transaction ends."""
    query = select(installations).where(installations.c.install_id == install_id)
    return connection.execute(query.with_for_update()).one_or_none()


def _write(
    connection: Connection,
    row: Row[Any],
    marks: Sequence[Attention],
    accepted: Mapping[str, datetime],
) -> None:
    """Write marks and the state that follows from them; other transitions keep theirs."""
    state = row.state
    if state in (INSTALLED, NEEDS_ATTENTION):
        state = (NEEDS_ATTENTION if marks else INSTALLED).value
    written = [{"section": m.section, "message": m.message, "at": _spelled(m.at)} for m in marks]
    connection.execute(
        update(installations)
        .where(installations.c.install_id == row.install_id)
        .values(
            state=state,
            attention=written or null(),
            accepted={section: _spelled(at) for section, at in accepted.items()},
        )
    )
    bump(connection, INSTALLS)


def _spelled(moment: datetime) -> str | None:
    return iso(moment, timespec="microseconds")
