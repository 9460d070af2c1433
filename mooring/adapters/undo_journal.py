"""What did the hooks of a transition change here, and how is it put back when the transition fails?

Whatever a hook writes through the SDK is noted in the transaction that writes it: what was there
before, and what the hook left. To put it back is to replace what the hook left by what was there
before; what somebody else changed since is theirs and stays. Secrets are noted in the vault. Runs
that a hook starts wait until the transition has succeeded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from mooring.adapters.columns import from_micros, to_json, to_micros
from mooring.adapters.database import Database, bump, hold, insert
from mooring.adapters.record_rows import JOURNAL, Row
from mooring.adapters.repositories.runs import NOT_YET, Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import key_values, settings, undo
from mooring.model.installation import Installation, owner_of
from mooring.model.run import JobSchedule, Run
from mooring.sdk.ports import in_chunks

TABLES: Mapping[str, Table] = {table.name: table for table in (settings, key_values)}
SCHEDULES, RUNS = "schedules", "runs"
AT_ONCE = 500
Change = tuple[Any, Any]  # what is there, and what replaces it


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
            for (place, owner), rows in self._by_place(connection).items():
                if place in TABLES:
                    self._put_rows_back(connection, TABLES[place], owner, rows)
                elif place == SCHEDULES:
                    for row in rows:
                        self._put_schedule_back(row, schedules)
                else:
                    for row in rows:
                        runs.terminate(row.key, now=now, reason=reason)
            for name, _ in self._vault.names(self._owner):
                self._put_secret_back(name)
            self._clear(connection)

    def forget(self, *, runs: Runs, now: datetime) -> None:
        """Let everything stay as it is, and let the runs begin that the hooks started."""
        with self._database.write() as connection:
            waiting = self._by_place(connection).get((RUNS, ""), [])
            runs.release([row.key for row in waiting], now=now)
            self._clear(connection)

    def note_rows(
        self, connection: Connection, table: Table, owner: str, rows: Mapping[str, Row | None]
    ) -> None:
        """Note what is about to replace rows of a store (adapters.record_rows)."""
        for keys in in_chunks(list(rows), AT_ONCE):
            found = _rows(connection, table, owner, keys)
            changes = {key: (found.get(key), rows[key]) for key in keys}
            self._note(connection, table.name, owner, changes)

    def _note(
        self, connection: Connection, place: str, owner: str, changes: Mapping[str, Change]
    ) -> None:
        """Keep what was there first, unless somebody changed it after the last hook did."""
        here = (undo.c.place == place) & (undo.c.owner == owner) & undo.c.key.in_(list(changes))
        query = select(undo).where(undo.c.install_id == self._install_id, here)
        kept = {row.key: row for row in connection.execute(query)}
        rows = []
        for key, (found, left) in changes.items():
            now, noted = _plain(found), kept.get(key)
            before = noted.before if noted is not None and _same(noted.after, now) else now
            rows.append({"key": key, "before": before, "after": _plain(left)})
        row = insert(connection, undo)
        names = ["install_id", "place", "owner", "key"]
        parts = {"before": row.excluded.before, "after": row.excluded.after}
        common = {"install_id": self._install_id, "place": place, "owner": owner}
        connection.execute(
            row.on_conflict_do_update(index_elements=names, set_=parts),
            [{**common, **each} for each in rows],
        )

    def _put_rows_back(
        self, connection: Connection, table: Table, owner: str, noted: Sequence[Any]
    ) -> None:
        hold(connection, f"{table.name}/{owner}")
        for some in in_chunks(noted, AT_ONCE):
            found = _rows(connection, table, owner, [row.key for row in some])
            unchanged = [row for row in some if _plain(found.get(row.key)) == row.after]
            here = (table.c.owner == owner) & table.c.key.in_([row.key for row in unchanged])
            connection.execute(delete(table).where(here))
            back = [
                {"owner": owner, "key": r.key, "value": r.before[0], "expires_at": _at(r.before[1])}
                for r in unchanged
                if r.before is not None
            ]
            if back:
                connection.execute(table.insert(), back)
        bump(connection, table.name)

    def _note_schedule(self, job: str, now: JobSchedule | None, after: JobSchedule | None) -> None:
        with self._database.write() as connection:
            self._note(connection, SCHEDULES, "", {job: (now, after)})

    def _put_schedule_back(self, row: Any, schedules: Schedules) -> None:
        if not _same(_plain(schedules.get(self._install_id, row.key)), row.after):
            return
        if row.before is None:
            schedules.remove(self._install_id, jobs=[row.key])
        else:
            schedules.put(_schedule(row.before))

    def _note_run(self, run: Run) -> None:
        with self._database.write() as connection:
            self._note(connection, RUNS, "", {run.run_id: (None, None)})

    def _note_secret(self, name: str, now: Any, after: Any) -> None:
        now, after = _plain(now), _plain(after)
        text = self._vault.get(self._owner, name)
        kept = None if text is None else json.loads(text)
        before = kept["before"] if kept is not None and kept["after"] == now else now
        self._vault.set(self._owner, name, json.dumps({"before": before, "after": after}))

    def _put_secret_back(self, name: str) -> None:
        owner = owner_of(self._install_id)
        kept = json.loads(self._vault.get(self._owner, name) or "null")
        with self._vault.exclusive(owner, name):
            if kept is None or _plain(self._vault.held(owner, name)) != kept["after"]:
                return
            if kept["before"] is None:
                self._vault.delete(owner, name)
                return
            value, expires = kept["before"]
            self._vault.set(owner, name, value, expires_at=_at(expires))

    def _by_place(self, connection: Connection) -> dict[tuple[str, str], list[Any]]:
        query = select(undo).where(undo.c.install_id == self._install_id)
        found: dict[tuple[str, str], list[Any]] = {}
        for row in connection.execute(query.order_by(undo.c.key)):
            found.setdefault((row.place, row.owner), []).append(row)
        return found

    def _clear(self, connection: Connection) -> None:
        connection.execute(delete(undo).where(undo.c.install_id == self._install_id))
        self._vault.delete_all(self._owner)


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

    def set(
        self,
        owner: str,
        name: str,
        value: str,
        *,
        expires_at: datetime | None = None,
        changed_at: datetime | None = None,
    ) -> None:
        """Store a value."""
        with self._database.write():
            self._note_change(name, self.held(owner, name), (value, expires_at))
            super().set(owner, name, value, expires_at=expires_at, changed_at=changed_at)

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


def _rows(connection: Connection, table: Table, owner: str, keys: Sequence[str]) -> dict[str, Row]:
    """Return rows as they stand, expired or not."""
    query = select(table).where(table.c.owner == owner, table.c.key.in_(keys))
    return {row.key: (row.value, row.expires_at) for row in connection.execute(query)}


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
    return JobSchedule(**{**kept, "next_at": _at(kept["next_at"])})


def _at(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
