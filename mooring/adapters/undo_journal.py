"""What did the hooks of a transition change here, and how is it put back when the transition fails?

Whatever a hook writes through the SDK is noted in the transaction that writes it: what was there
before, and what the hook left. To put it back is to replace what the hook left by what was there
before; what somebody else changed since is theirs and stays. Secrets are noted in the vault. Runs
that a hook starts wait until the transition has succeeded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select

from mooring.adapters.columns import from_micros, to_json, to_micros
from mooring.adapters.database import Database, bump, hold, insert
from mooring.adapters.record_rows import JOURNAL, Row
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import key_values, settings, undo
from mooring.model.installation import Installation
from mooring.model.run import JobSchedule, Run

TABLES: Mapping[str, Table] = {table.name: table for table in (settings, key_values)}
SCHEDULES, RUNS = "schedules", "runs"
NOT_YET = datetime(9999, 1, 1, tzinfo=UTC)


class UndoJournal:
    """What the hooks of one installation's present transition changed."""

    def __init__(self, installation: Installation, database: Database, vault: Vault) -> None:
        self._install_id = installation.install_id
        self._database = database
        self._vault = vault
        self._owner = f"undo/{installation.install_id}"

    @property
    def database(self) -> Database:
        """The database for stores whose changes are noted."""
        return _NotedDatabase(self._database, self)

    @property
    def vault(self) -> Vault:
        """The vault for stores whose changes are noted."""
        return _NotedVault(self._vault, self._note_secret)

    def schedules(self, schedules: Schedules) -> Schedules:
        """Return schedules whose changes are noted."""
        return _NotedSchedules(schedules, self._note_schedule)

    def runs(self, runs: Runs) -> Runs:
        """Return runs of which new ones wait until ``forget``."""
        return _WaitingRuns(runs, self._note_run)

    def put_back(self, *, schedules: Schedules, runs: Runs, now: datetime, reason: str) -> None:
        """Put back what the hooks changed, unless others changed it since; end their runs."""
        with self._database.write() as connection:
            for row in self._rows(connection):
                if row.place in TABLES:
                    self._put_row_back(connection, row)
                elif row.place == SCHEDULES:
                    self._put_schedule_back(row, schedules)
                else:
                    runs.terminate(row.key, now=now, reason=reason)
            for name, _ in self._vault.names(self._owner):
                self._put_secret_back(name)
            self._clear(connection)

    def forget(self, *, runs: Runs, now: datetime) -> None:
        """Let everything stay as it is, and let the runs begin that the hooks started."""
        with self._database.write() as connection:
            waiting = [row.key for row in self._rows(connection) if row.place == RUNS]
            runs.release(waiting, now=now)
            self._clear(connection)

    def note_rows(
        self, connection: Connection, table: Table, owner: str, rows: Mapping[str, Row | None]
    ) -> None:
        """Note what is about to replace rows of a store (adapters.record_rows)."""
        for key, row in rows.items():
            found = _row(connection, table, owner, key)
            self._note(connection, (table.name, owner, key), found, row)

    def _note(
        self, connection: Connection, place: tuple[str, str, str], now: Any, after: Any
    ) -> None:
        """Keep what was there first, unless somebody changed it after the last hook did."""
        now, after = _plain(now), _plain(after)
        where = self._at(place)
        kept = connection.execute(select(undo.c.before, undo.c.after).where(where)).one_or_none()
        before = kept.before if kept is not None and _same(kept.after, now) else now
        names = ("install_id", "place", "owner", "key")
        row = insert(connection, undo).values(
            **dict(zip(names, (self._install_id, *place), strict=True)), before=before, after=after
        )
        changes = {"before": row.excluded.before, "after": row.excluded.after}
        connection.execute(row.on_conflict_do_update(index_elements=list(names), set_=changes))

    def _put_row_back(self, connection: Connection, row: Any) -> None:
        table = TABLES[row.place]
        hold(connection, f"{table.name}/{row.owner}", row.key)
        if _plain(_row(connection, table, row.owner, row.key)) != row.after:
            return
        connection.execute(delete(table).where(_is(table, row.owner, row.key)))
        if row.before is not None:
            text, expires = row.before
            put = table.insert().values(owner=row.owner, key=row.key, value=text)
            connection.execute(put.values(expires_at=_moment(expires)))
        bump(connection, table.name)

    def _note_schedule(self, job: str, now: JobSchedule | None, after: JobSchedule | None) -> None:
        with self._database.write() as connection:
            self._note(connection, (SCHEDULES, "", job), now, after)

    def _put_schedule_back(self, row: Any, schedules: Schedules) -> None:
        if not _same(_plain(schedules.get(self._install_id, row.key)), row.after):
            return
        if row.before is None:
            schedules.remove(self._install_id, jobs=[row.key])
        else:
            schedules.put(_schedule(row.before))

    def _note_run(self, run: Run) -> None:
        with self._database.write() as connection:
            self._note(connection, (RUNS, "", run.run_id), None, None)

    def _note_secret(self, name: str, now: Any, after: Any) -> None:
        now, after = _plain(now), _plain(after)
        text = self._vault.get(self._owner, name)
        kept = None if text is None else json.loads(text)
        before = kept["before"] if kept is not None and kept["after"] == now else now
        self._vault.set(self._owner, name, json.dumps({"before": before, "after": after}))

    def _put_secret_back(self, name: str) -> None:
        owner = f"install/{self._install_id}"
        kept = json.loads(self._vault.get(self._owner, name) or "null")
        with self._vault.exclusive(owner, name):
            if kept is None or _plain(self._vault.held(owner, name)) != kept["after"]:
                return
            if kept["before"] is None:
                self._vault.delete(owner, name)
                return
            value, expires = kept["before"]
            self._vault.set(owner, name, value, expires_at=_moment(expires))

    def _rows(self, connection: Connection) -> list[Any]:
        return list(connection.execute(select(undo).where(undo.c.install_id == self._install_id)))

    def _clear(self, connection: Connection) -> None:
        connection.execute(delete(undo).where(undo.c.install_id == self._install_id))
        self._vault.delete_all(self._owner)

    def _at(self, place: tuple[str, str, str]) -> ColumnElement[bool]:
        kind, owner, key = place
        same = (undo.c.place == kind) & (undo.c.owner == owner) & (undo.c.key == key)
        return and_(undo.c.install_id == self._install_id, same)


class _NotedDatabase(Database):
    """A database that tells the journal what stores are about to change."""

    def __init__(self, database: Database, journal: UndoJournal) -> None:
        vars(self).update(vars(database))  # The same connections and the same turn to write.
        self._journal = journal

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that knows its journal."""
        with super().write() as connection:
            connection.execution_options(**{JOURNAL: self._journal.note_rows})
            yield connection


class _NotedVault(Vault):
    """A vault that tells the journal what it is about to change."""

    def __init__(self, vault: Vault, note: Callable[[str, Any, Any], None]) -> None:
        vars(self).update(vars(vault))
        self._note_change = note

    def set(self, owner: str, name: str, value: str, *, expires_at: datetime | None = None) -> None:
        """Store a value."""
        with self._database.write():
            self._note_change(name, self.held(owner, name), (value, expires_at))
            super().set(owner, name, value, expires_at=expires_at)

    def delete(self, owner: str, name: str) -> bool:
        """Remove a value; say whether it was there."""
        with self._database.write():
            self._note_change(name, self.held(owner, name), None)
            return super().delete(owner, name)


class _NotedSchedules(Schedules):
    """Schedules that tell the journal what they are about to change."""

    def __init__(
        self,
        schedules: Schedules,
        note: Callable[[str, JobSchedule | None, JobSchedule | None], None],
    ) -> None:
        vars(self).update(vars(schedules))
        self._note_change = note

    def put(self, schedule: JobSchedule) -> None:
        """Insert or replace the schedule of one installation's job."""
        with self._database.write():
            self._note_change(schedule.job, self.get(schedule.install_id, schedule.job), schedule)
            super().put(schedule)

    def remove(self, install_id: int, *, jobs: Collection[str] | None = None) -> None:
        """Forget an installation's schedules, or only those of some jobs."""
        with self._database.write():
            for schedule in self.of(install_id):
                if jobs is None or schedule.job in jobs:
                    self._note_change(schedule.job, schedule, None)
            super().remove(install_id, jobs=jobs)


class _WaitingRuns(Runs):
    """Runs of which new ones do not begin by themselves."""

    def __init__(self, runs: Runs, note: Callable[[Run], None]) -> None:
        vars(self).update(vars(runs))
        self._note_new = note

    def create(
        self,
        installation: Installation,
        job: str,
        parameters: Mapping[str, Any],
        *,
        scheduled_at: datetime,
        due_key: str | None = None,
    ) -> Run | None:
        """Write a PENDING run that waits."""
        with self._database.write():
            run = super().create(
                installation, job, parameters, scheduled_at=NOT_YET, due_key=due_key
            )
            if run is not None:
                self._note_new(run)
        return run


def _row(connection: Connection, table: Table, owner: str, key: str) -> Row | None:
    """Return a row as it stands, expired or not."""
    query = select(table.c.value, table.c.expires_at).where(_is(table, owner, key))
    found = connection.execute(query).one_or_none()
    return None if found is None else (found.value, found.expires_at)


def _is(table: Table, owner: str, key: str) -> ColumnElement[bool]:
    here: ColumnElement[bool] = (table.c.owner == owner) & (table.c.key == key)
    return here


def _plain(value: Any) -> Any:
    """Spell what is noted as JSON, as it will come back from the database."""
    if isinstance(value, JobSchedule):
        value = {part.name: getattr(value, part.name) for part in fields(value)}
        value["parameters"] = dict(value["parameters"])
        value["next_at"] = None if value["next_at"] is None else to_micros(value["next_at"])
    elif isinstance(value, tuple):
        value = [to_micros(part) if isinstance(part, datetime) else part for part in value]
    return json.loads(to_json(value))


def _same(one: Any, other: Any) -> bool:
    """Compare what was noted; that a schedule has moved on to its next time changes nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        one, other = ({**each, "next_at": each["next_at"] is None} for each in (one, other))
    return bool(one == other)


def _schedule(kept: Mapping[str, Any]) -> JobSchedule:
    return JobSchedule(**{**kept, "next_at": _moment(kept["next_at"])})


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
