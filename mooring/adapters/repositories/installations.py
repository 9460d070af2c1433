"""Where are installations and their addresses kept?

What an uninstalled app leaves: its row (state ``uninstalled``), its data and its runs stay, so that
it can be restored. ``remove`` (purge, or an installation that failed) deletes the row with its
settings, key-value records, schedules, runs and deliveries. Secrets live in the vault, which the
caller empties; addresses stay for ever, so that they answer 410 and are never given out again.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Case, Connection, Row, Select, case, delete, select, update
from sqlalchemy.exc import IntegrityError

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database, bump, insert
from mooring.adapters.tables import (
    LIVING,
    SERVING,
    deliveries,
    endpoints,
    installations,
    key_values,
    runs,
    schedules,
    settings,
)
from mooring.errors import Conflict, NotFound
from mooring.model.installation import Attention, Endpoint, Installation, InstallationState
from mooring.sdk.ports import Clock

INSTALLS = "installs"
ENDPOINTS = "endpoints"


class Installations:
    """The installations of one host (engine.ports.InstallationRepository)."""

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def create(self, *, app_id: str, account: str, version: str, root: str) -> Installation:
        """Write a new installation in state INSTALLING. Raises Conflict if one is alive."""
        now = self._clock.now()
        row = installations.insert().values(
            app_id=app_id,
            account=account,
            version=version,
            root=root,
            state=InstallationState.INSTALLING.value,
            installed_at=now,
            updated_at=now,
        )
        try:
            with self._database.write() as connection:
                found = connection.execute(row.returning(*installations.c)).one()
                bump(connection, INSTALLS)
        except IntegrityError as error:
            raise Conflict(
                f"{app_id} is already installed in account {account}.",
                hint=f"Uninstall it first: mooring uninstall {app_id} --account {account}",
            ) from error
        return _installation(found)

    def get(self, install_id: int) -> Installation:
        """Return one. Raises NotFound."""
        found = self._one(select(installations).where(installations.c.install_id == install_id))
        if found is None:
            raise NotFound(f"There is no installation {install_id}.")
        return _installation(found)

    def find(self, app_id: str, account: str) -> Installation | None:
        """Return the living installation of an app in an account."""
        wanted = (installations.c.app_id == app_id) & (installations.c.account == account)
        found = self._one(select(installations).where(LIVING, wanted))
        return None if found is None else _installation(found)

    def all(self) -> list[Installation]:
        """Return every living installation, by app and account."""
        query = select(installations).where(LIVING)
        with self._database.read() as connection:
            rows = connection.execute(
                query.order_by(installations.c.app_id, installations.c.account)
            )
            return [_installation(row) for row in rows]

    def set_state(self, install_id: int, state: InstallationState) -> None:
        """Move an installation to another state. Raises NotFound."""
        change = (
            update(installations)
            .where(installations.c.install_id == install_id)
            .values(state=_kept_in_mind(state), updated_at=self._clock.now())
        )
        with self._database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise NotFound(f"There is no installation {install_id}.")
            bump(connection, INSTALLS)

    def remove(self, install_id: int) -> None:
        """Delete the installation and everything it owns, its addresses excepted."""
        with self._database.write() as connection:
            for table in (installations, schedules, runs, deliveries):
                connection.execute(delete(table).where(table.c.install_id == install_id))
            for table in (settings, key_values):
                connection.execute(delete(table).where(table.c.owner == f"install/{install_id}"))
            self._retire(connection, install_id)
            bump(connection, INSTALLS, ENDPOINTS, "schedules", "settings")

    def add_endpoint(self, install_id: int, app_id: str, function: str) -> Endpoint:
        """Give a function its address (an existing one is kept)."""
        with self._database.write() as connection:
            row = insert(connection, endpoints).values(
                uuid=str(uuid4()), install_id=install_id, app_id=app_id, function=function
            )
            added = row.on_conflict_do_nothing(
                index_elements=[endpoints.c.install_id, endpoints.c.function], index_where=SERVING
            )
            if connection.execute(added).rowcount:
                bump(connection, ENDPOINTS)
            wanted = (endpoints.c.install_id == install_id) & (endpoints.c.function == function)
            return _endpoint(connection.execute(select(endpoints).where(SERVING, wanted)).one())

    def endpoints(self, install_id: int) -> list[Endpoint]:
        """Return the living addresses of an installation, by function."""
        query = select(endpoints).where(SERVING, endpoints.c.install_id == install_id)
        with self._database.read() as connection:
            found = [_endpoint(row) for row in connection.execute(query)]
        return sorted(found, key=lambda endpoint: endpoint.function)

    def endpoint(self, uuid: str) -> Endpoint | None:
        """Return the address, also a removed one (``removed_at`` set), or None if never known."""
        found = self._one(select(endpoints).where(endpoints.c.uuid == uuid))
        return None if found is None else _endpoint(found)

    def retire_endpoints(self, install_id: int) -> None:
        """Make the addresses answer 410 from now on."""
        with self._database.write() as connection:
            self._retire(connection, install_id)
            bump(connection, ENDPOINTS)

    def _retire(self, connection: Connection, install_id: int) -> None:
        connection.execute(
            update(endpoints)
            .where(SERVING, endpoints.c.install_id == install_id)
            .values(removed_at=self._clock.now())
        )

    def _one(self, query: Select[Any]) -> Row[Any] | None:
        with self._database.read() as connection:
            return connection.execute(query).one_or_none()


def _installation(row: Row[Any]) -> Installation:
    return Installation(
        install_id=row.install_id,
        app_id=row.app_id,
        account=row.account,
        version=row.version,
        root=Path(row.root),
        state=InstallationState(row.state),
        installed_at=row.installed_at,
        updated_at=row.updated_at,
        attentions=attentions_of(row),
        accepted=accepted_of(row),
    )


def attentions_of(row: Row[Any]) -> tuple[Attention, ...]:
    """Read the marks in an installation's row."""
    return tuple(
        Attention(mark["section"], mark["message"], datetime.fromisoformat(mark["at"]))
        for mark in row.attention or ()
    )


def accepted_of(row: Row[Any]) -> dict[str, datetime]:
    """Read when each section of the form was last accepted."""
    return {key: datetime.fromisoformat(at) for key, at in (row.accepted or {}).items()}


def _kept_in_mind(state: InstallationState) -> str | Case[str]:
    """Say in SQL that an installation whose transition ends still needs attention, if it did."""
    if state not in (InstallationState.INSTALLED, InstallationState.NEEDS_ATTENTION):
        return state.value
    return case(
        (installations.c.attention.is_(None), InstallationState.INSTALLED.value),
        else_=InstallationState.NEEDS_ATTENTION.value,
    )


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        uuid=row.uuid,
        install_id=row.install_id,
        app_id=row.app_id,
        function=row.function,
        removed_at=row.removed_at,
    )
