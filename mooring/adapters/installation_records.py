"""What does an installation have in this home, as records that can be moved out and in again?

Settings, key-value records, secrets, dead letters (sealed as they are), schedules and addresses,
one record each. Its runs, deliveries and history stay where they are, and what is in ODP belongs
to the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from mooring.adapters.columns import from_micros, to_micros
from mooring.adapters.database import Database, bump, hold
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import dead_letters, key_values, settings
from mooring.model.installation import Installation, plans_owner_of
from mooring.model.run import JobSchedule

TABLES: Mapping[str, Table] = {"setting": settings, "kv": key_values}
LETTER_MOMENTS = ("created_at", "changed_at")


class InstallationRecords:
    """What one installation has."""

    def __init__(
        self,
        installation: Installation,
        *,
        database: Database,
        vault: Vault,
        installations: Installations,
        schedules: Schedules,
    ) -> None:
        self._install_id = installation.install_id
        self._owner = installation.owner
        self._database = database
        self._vault = vault
        self._installations = installations
        self._schedules = schedules

    def all(self) -> Iterator[dict[str, Any]]:
        """Give every record, while nobody else can change one, if inside of a write."""
        with self._database.write() as connection:
            for kind, table in TABLES.items():
                hold(connection, f"{table.name}/{self._owner}")
                yield from self._rows(connection, kind, table)
            yield from self._letters(connection)
        for name, changed_at in self._vault.names(self._owner):
            if held := self._vault.held(self._owner, name):
                expires_at = None if held[1] is None else to_micros(held[1])
                times = {"expires_at": expires_at, "changed_at": to_micros(changed_at)}
                yield {"secret": name, "value": held[0], **times}
        for schedule in self._schedules.of(self._install_id):
            yield {
                "schedule": schedule.job,
                "cron": schedule.cron,
                "timezone": schedule.timezone,
                "overlap": schedule.overlap,
                "missed": schedule.missed,
                "jitter": schedule.jitter,
                "parameters": dict(schedule.parameters),
                "is_on": schedule.next_at is not None,
            }
        for endpoint in self._installations.endpoints(self._install_id):
            yield {"endpoint": endpoint.uuid}

    def put(self, records: Iterable[Mapping[str, Any]]) -> list[tuple[JobSchedule, bool]]:
        """Put records in, inside of a write; return the schedules and whether each is on."""
        schedules, uuids = [], []
        with self._database.write() as connection:
            self._drop(connection)
            for record in records:
                if "endpoint" in record:
                    uuids.append(record["endpoint"])
                elif "schedule" in record:
                    schedules.append((self._schedule(record), record["is_on"]))
                elif "secret" in record:
                    self._put_secret(record)
                elif "letter" in record:
                    self._put_letter(connection, record["letter"])
                else:
                    self._put_row(connection, record)
            self._installations.revive_endpoints(self._install_id, uuids)
            bump(connection, "settings")
        return schedules

    def drop(self) -> None:
        """Delete settings, key-value records and dead letters."""
        with self._database.write() as connection:
            self._drop(connection)
            bump(connection, "settings")

    def _rows(self, connection: Connection, kind: str, table: Table) -> Iterator[dict[str, Any]]:
        query = select(table).where(table.c.owner == self._owner)
        for row in connection.execute(query):
            expires_at = None if row.expires_at is None else to_micros(row.expires_at)
            yield {kind: row.key, "value": row.value, "expires_at": expires_at}

    def _letters(self, connection: Connection) -> Iterator[dict[str, Any]]:
        query = select(dead_letters).where(dead_letters.c.install_id == self._install_id)
        for row in connection.execute(query):
            times = {name: to_micros(getattr(row, name)) for name in LETTER_MOMENTS}
            yield {"letter": {**row._mapping, **times}}

    def _put_letter(self, connection: Connection, letter: Mapping[str, Any]) -> None:
        times = {name: from_micros(letter[name]) for name in LETTER_MOMENTS}
        row = {**letter, **times, "install_id": self._install_id}
        connection.execute(dead_letters.insert().values(row))

    def _put_secret(self, record: Mapping[str, Any]) -> None:
        # Older archives do not say when it was set.
        changed_at = record.get("changed_at")
        self._vault.set(
            self._owner,
            record["secret"],
            record["value"],
            expires_at=_moment(record),
            changed_at=None if changed_at is None else from_micros(changed_at),
        )

    def _put_row(self, connection: Connection, record: Mapping[str, Any]) -> None:
        for kind, table in TABLES.items():
            if kind in record:
                row = {"key": record[kind], "value": record["value"], "expires_at": _moment(record)}
                connection.execute(table.insert().values(owner=self._owner, **row))

    def _drop(self, connection: Connection) -> None:
        for table in TABLES.values():
            connection.execute(delete(table).where(table.c.owner == self._owner))
        plans = key_values.c.owner == plans_owner_of(self._install_id)
        connection.execute(delete(key_values).where(plans))
        ours = dead_letters.c.install_id == self._install_id
        connection.execute(delete(dead_letters).where(ours))

    def _schedule(self, record: Mapping[str, Any]) -> JobSchedule:
        names = ("cron", "timezone", "overlap", "missed", "parameters")
        values = {name: record[name] for name in names}
        values["jitter"] = record.get("jitter", 0)  # Older archives have none.
        return JobSchedule(install_id=self._install_id, job=record["schedule"], **values)


def _moment(record: Mapping[str, Any]) -> Any:
    expires_at = record["expires_at"]
    return None if expires_at is None else from_micros(expires_at)
