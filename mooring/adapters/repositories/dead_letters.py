"""Where are records kept that jobs set aside, and who finds them again?

One letter for a job's record, by its key. Set aside again by the same run it is the same event, for
steps are repeated after a crash; another run counts. Records are what people entered: they are
sealed, bound to their place. What a run is asked to handle once more is marked with that run, so
that a crash in the middle leaves exactly what it has not dealt with yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Row, Select, and_, case, delete, func, not_, select
from sqlalchemy import update as change

from mooring.adapters.database import Database, hold, insert
from mooring.adapters.repositories.short_ids import row_called, too_short
from mooring.adapters.secrets.sealing import Seal
from mooring.adapters.tables import dead_letters, installations, runs
from mooring.errors import NotFound
from mooring.model.dead_letter import DeadLetter, LetterState
from mooring.model.run import RunStatus
from mooring.sdk.dead_letters import checked_letter
from mooring.sdk.ports import Clock, in_chunks
from mooring.sdk.records import decoded

KEYS_AT_ONCE = 500
LISTED = "`mooring deadletter list` shows them."

# A retry whose run has ended holds nothing in hand any more.
FINAL = [status.value for status in RunStatus if status.final]
IN_HAND = and_(
    dead_letters.c.state == LetterState.RETRYING.value,
    dead_letters.c.run_id.in_(select(runs.c.run_id).where(runs.c.status.not_in(FINAL))),
)


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A dead letter, and whose it is."""

    letter: DeadLetter
    app_id: str
    account: str


@dataclass(frozen=True, slots=True)
class LetterCount:
    """How many letters a job of an installation has, and since when the oldest."""

    app_id: str
    account: str
    job: str
    letters: int
    oldest: datetime


class DeadLetters:
    """The dead letters of one host."""

    def __init__(
        self, database: Database, *, seal: Seal, clock: Clock, hide: Callable[[str], str]
    ) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock
        self._hide = hide

    # --- For jobs ------------------------------------------------------------------------------

    def set_aside(
        self,
        install_id: int,
        *,
        job: str,
        run_id: str,
        key: str,
        record: Mapping[str, Any],
        reason: str,
    ) -> None:
        """Keep a record, or the newest reason of one that is kept. Raises RecordInvalid."""
        text, said = checked_letter(key, record, reason, hide=self._hide)
        now = self._clock.now()
        row = {
            "letter_id": str(uuid4()),
            "install_id": install_id,
            "job": job,
            "key": key,
            "run_id": run_id,
            "state": LetterState.SET_ASIDE.value,
            "reason": said,
            "record": self._seal.close(text, place=_place(install_id, job, key)),
            "times": 1,
            "created_at": now,
            "changed_at": now,
        }
        newest = ("run_id", "state", "reason", "record", "changed_at")
        with self._database.write() as connection:
            kept = insert(connection, dead_letters).values(row)
            same_event = (dead_letters.c.run_id == run_id) & (
                dead_letters.c.state == LetterState.SET_ASIDE.value
            )
            times = dead_letters.c.times
            replaced = {name: kept.excluded[name] for name in newest}
            connection.execute(
                kept.on_conflict_do_update(
                    index_elements=["install_id", "job", "key"],
                    set_={**replaced, "times": case((same_event, times), else_=times + 1)},
                )
            )

    def handled(self, install_id: int, *, job: str, keys: Sequence[str]) -> int:
        """Forget what is kept under these keys; return how many were."""
        ours = _of_job(install_id, job)
        with self._database.read() as connection:
            found = [
                letter_id
                for chunk in in_chunks(keys, KEYS_AT_ONCE)
                for letter_id in connection.scalars(
                    select(dead_letters.c.letter_id).where(ours, dead_letters.c.key.in_(chunk))
                )
            ]
        return self.drop(found) if found else 0

    def of(self, install_id: int, *, job: str, keys: Sequence[str]) -> dict[str, DeadLetter]:
        """Return those that are kept among these keys. Raises RecordInvalid."""
        ours = _of_job(install_id, job)
        with self._database.read() as connection:
            rows = [
                row
                for chunk in in_chunks(keys, KEYS_AT_ONCE)
                for row in connection.execute(_query().where(ours, dead_letters.c.key.in_(chunk)))
            ]
        return {row.key: self._opened(row) for row in rows}

    def asked_of(self, install_id: int, *, job: str, run_id: str, limit: int) -> list[DeadLetter]:
        """Return those that a run is to handle once more, by key. Raises RecordInvalid."""
        asked = and_(
            _of_job(install_id, job),
            dead_letters.c.run_id == run_id,
            dead_letters.c.state == LetterState.RETRYING.value,
        )
        query = _query().where(asked).order_by(dead_letters.c.key).limit(limit)
        with self._database.read() as connection:
            return [self._opened(row) for row in connection.execute(query)]

    # --- For people ----------------------------------------------------------------------------

    def recent(
        self,
        *,
        app_id: str | None = None,
        account: str | None = None,
        job: str | None = None,
        limit: int | None = 100,
    ) -> list[ShownLetter]:
        """Return letters without their records, the last changed first."""
        query = _narrowed(_query(), app_id=app_id, account=account, job=job)
        newest = (dead_letters.c.changed_at.desc(), dead_letters.c.letter_id)
        with self._database.read() as connection:
            return [_shown(row) for row in connection.execute(query.order_by(*newest).limit(limit))]

    def counts(
        self, *, app_id: str | None = None, account: str | None = None, job: str | None = None
    ) -> list[LetterCount]:
        """Count the letters of each job of each installation."""
        of = (installations.c.app_id, installations.c.account, dead_letters.c.job)
        counted = (func.count(), func.min(dead_letters.c.created_at))
        query = _joined(select(*of, *counted)).group_by(*of).order_by(*of)
        with self._database.read() as connection:
            rows = connection.execute(_narrowed(query, app_id=app_id, account=account, job=job))
            return [LetterCount(*row) for row in rows]

    def of_run(self, run_id: str) -> int:
        """Count the letters that a run was the last to set aside."""
        last = dead_letters.c.run_id == run_id
        query = select(func.count()).where(
            last, dead_letters.c.state == LetterState.SET_ASIDE.value
        )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def named(self, text: str) -> ShownLetter:
        """Return the letter whose id begins or ends so, with its record.

        Raises NotFound, UsageError for several, and RecordInvalid for a record that does not open.
        """
        letter_id = dead_letters.c.letter_id
        row = row_called(self._database, _query(), letter_id, text, many="dead letters")
        if row is None:
            raise NotFound(
                f"No record is set aside under {text!r:.80}.", hint=f"{too_short(text)}{LISTED}"
            )
        return ShownLetter(self._opened(row), row.app_id, row.account)

    def ask(self, letter_ids: Collection[str], *, run_id: str) -> int:
        """Let a run handle them once more, inside of its creation; return how many it has now.

        What another run has in hand stays with that one.
        """
        asked = change(dead_letters).values(state=LetterState.RETRYING.value, run_id=run_id)
        with self._database.write() as connection:
            hold(connection, "dead_letters")  # The run of another may not be visible yet.
            return sum(
                connection.execute(asked.where(_are(chunk), not_(IN_HAND))).rowcount
                for chunk in in_chunks(list(letter_ids), KEYS_AT_ONCE)
            )

    def drop(self, letter_ids: Collection[str]) -> int:
        """Forget them for good; return how many there were."""
        with self._database.write() as connection:
            return sum(
                connection.execute(delete(dead_letters).where(_are(chunk))).rowcount
                for chunk in in_chunks(list(letter_ids), KEYS_AT_ONCE)
            )

    def _opened(self, row: Row[Any]) -> DeadLetter:
        place = _place(row.install_id, row.job, row.key)
        return _letter(row, record=decoded(self._seal.open(row.record, place=place)))


class InstallationLetters:
    """The dead letters of one installation (the SDK's DeadLettersPort)."""

    def __init__(self, install_id: int, *, letters: DeadLetters) -> None:
        self._install_id = install_id
        self._letters = letters

    def set_aside(
        self, *, job: str, run_id: str, key: str, record: Mapping[str, Any], reason: str
    ) -> None:
        """Keep a record, or the newest reason of one that is kept. Raises RecordInvalid."""
        self._letters.set_aside(
            self._install_id, job=job, run_id=run_id, key=key, record=record, reason=reason
        )

    def handled(self, *, job: str, keys: Sequence[str]) -> int:
        """Forget what is kept under these keys; return how many were."""
        return self._letters.handled(self._install_id, job=job, keys=keys)

    def of(self, *, job: str, keys: Sequence[str]) -> dict[str, DeadLetter]:
        """Return those that are kept among these keys. Raises RecordInvalid."""
        return self._letters.of(self._install_id, job=job, keys=keys)

    def asked_of(self, *, job: str, run_id: str, limit: int) -> list[DeadLetter]:
        """Return those that this run is to handle once more, by key. Raises RecordInvalid."""
        return self._letters.asked_of(self._install_id, job=job, run_id=run_id, limit=limit)


def _place(install_id: int, job: str, key: str) -> str:
    """Name what a record is sealed in with: whose it is."""
    return json.dumps([install_id, job, key])


def _of_job(install_id: int, job: str) -> ColumnElement[bool]:
    return and_(dead_letters.c.install_id == install_id, dead_letters.c.job == job)


def _are(letter_ids: Sequence[str]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = dead_letters.c.letter_id.in_(letter_ids)
    return found


def _query() -> Select[Any]:
    whose = (installations.c.app_id, installations.c.account, IN_HAND.label("in_hand"))
    return _joined(select(dead_letters, *whose))


def _joined(query: Select[Any]) -> Select[Any]:
    owner = dead_letters.c.install_id == installations.c.install_id
    return query.join_from(dead_letters, installations, owner)


def _narrowed(query: Select[Any], **wanted: str | None) -> Select[Any]:
    columns = {
        "app_id": installations.c.app_id,
        "account": installations.c.account,
        "job": dead_letters.c.job,
    }
    for name, value in wanted.items():
        if value is not None:
            query = query.where(columns[name] == value)
    return query


def _shown(row: Row[Any]) -> ShownLetter:
    return ShownLetter(_letter(row, record={}), row.app_id, row.account)


def _letter(row: Row[Any], *, record: Mapping[str, Any]) -> DeadLetter:
    return DeadLetter(
        letter_id=row.letter_id,
        install_id=row.install_id,
        job=row.job,
        key=row.key,
        run_id=row.run_id,
        state=LetterState.RETRYING if row.in_hand else LetterState.SET_ASIDE,
        reason=row.reason,
        times=row.times,
        created_at=row.created_at,
        changed_at=row.changed_at,
        record=record,
    )
