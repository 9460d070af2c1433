"""Where are installations and their addresses kept?

What an uninstalled app leaves: its row (state ``uninstalled``), its runs and its deliveries; what
it had is in an archive, from which it can be restored. ``remove`` (purge, or an installation that
failed) deletes the row with its settings, key-value records, schedules, runs, deliveries, dead
letters and notifications. Secrets live in the vault, which the caller empties; addresses stay for
ever, so that they answer 410 and are never given out again, but to whom they belonged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Case,
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    delete,
    null,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database, bump, insert
from mooring.adapters.tables import (
    LIVING,
    SERVING,
    dead_letters,
    deliveries,
    endpoints,
    installations,
    key_values,
    notifications,
    runs,
    schedules,
    settings,
    undo,
)
from mooring.errors import Conflict, NotFound
from mooring.model.account import account_option
from mooring.model.installation import (
    AppVersion,
    Attention,
    Endpoint,
    Installation,
    InstallationState,
    Upgrade,
    UpgradePhase,
    owner_of,
    plans_owner_of,
)
from mooring.sdk.ports import Clock

OWNED = (installations, schedules, runs, deliveries, notifications, undo, dead_letters)
INSTALLS = "installs"
ENDPOINTS = "endpoints"
STEADY = (InstallationState.INSTALLED, InstallationState.NEEDS_ATTENTION)


class Installations:
    """The installations of one host (engine.ports.InstallationRepository).

    ``apps`` is where this home has its copies of apps, wherever the home lies that installed one.
    """

    def __init__(
        self, database: Database, *, clock: Clock | None = None, apps: Path | None = None
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._apps = apps

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
                hint=f"Uninstall it first: mooring uninstall {app_id}{account_option(account)}",
            ) from error
        return self._made(found)

    def get(self, install_id: int) -> Installation:
        """Return one. Raises NotFound."""
        found = self._one(select(installations).where(installations.c.install_id == install_id))
        if found is None:
            raise NotFound(f"There is no installation {install_id}.")
        return self._made(found)

    def find(self, app_id: str, account: str) -> Installation | None:
        """Return the living installation of an app in an account."""
        wanted = (installations.c.app_id == app_id) & (installations.c.account == account)
        found = self._one(select(installations).where(LIVING, wanted))
        return None if found is None else self._made(found)

    def all(self) -> list[Installation]:
        """Return every living installation, by app and account."""
        query = select(installations).where(LIVING)
        with self._database.read() as connection:
            rows = connection.execute(
                query.order_by(installations.c.app_id, installations.c.account)
            )
            return [self._made(row) for row in rows]

    def gone(self, app_id: str, account: str) -> list[Installation]:
        """Return what was uninstalled, oldest first."""
        wanted = (installations.c.app_id == app_id) & (installations.c.account == account)
        uninstalled = installations.c.state == InstallationState.UNINSTALLED.value
        query = select(installations).where(uninstalled, wanted)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(installations.c.install_id))
            return [self._made(row) for row in rows]

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

    def begin_upgrade(self, installation: Installation, after: AppVersion) -> Installation:
        """Note to which version it is on its way; its present one goes on to serve.

        Raises Conflict when it is in another transition.
        """
        before = AppVersion(installation.version, installation.root)
        upgrade = Upgrade(before, after, UpgradePhase.PREPARING)
        steady = installations.c.state.in_([state.value for state in STEADY])
        values = {"state": InstallationState.UPGRADING.value, "upgrade": _upgrade_json(upgrade)}
        return self._changed(installation.install_id, values, steady)

    def switch(self, installation: Installation, phase: UpgradePhase) -> Installation:
        """Let the version that this phase of its upgrade asks for serve from now on."""
        assert installation.upgrade is not None, "an upgrade was begun"
        upgrade = replace(installation.upgrade, phase=phase)
        serving = upgrade.before if phase is UpgradePhase.PREPARING else upgrade.after
        values = {
            "version": serving.version,
            "root": str(serving.root),
            "upgrade": _upgrade_json(upgrade),
        }
        return self._changed(installation.install_id, values)

    def forget_upgrade(self, install_id: int) -> Installation:
        """Note that it is on its way to no other version."""
        return self._changed(install_id, {"upgrade": null()})

    def _changed(
        self, install_id: int, values: Mapping[str, Any], *conditions: ColumnElement[bool]
    ) -> Installation:
        change = (
            update(installations)
            .where(installations.c.install_id == install_id, *conditions)
            .values(**values, updated_at=self._clock.now())
        )
        with self._database.write() as connection:
            row = connection.execute(change.returning(*installations.c)).one_or_none()
            if row is None:
                state = self.get(install_id).state.value
                raise Conflict(f"The installation is {state}.", hint="Try again in a moment.")
            bump(connection, INSTALLS)
        return self._made(row)

    def remove(self, install_id: int) -> None:
        """Delete the installation and everything it owns, its addresses excepted."""
        with self._database.write() as connection:
            for table in OWNED:
                connection.execute(delete(table).where(table.c.install_id == install_id))
            for table in (settings, key_values):
                owners = (owner_of(install_id), plans_owner_of(install_id))
                connection.execute(delete(table).where(table.c.owner.in_(owners)))
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

    def retire_endpoints(self, install_id: int, *, keep: Collection[str] = ()) -> None:
        """Make the addresses answer 410 from now on, those of the functions in ``keep`` not."""
        with self._database.write() as connection:
            self._retire(connection, install_id, keep)
            bump(connection, ENDPOINTS)

    def revive_endpoints(self, install_id: int, uuids: Collection[str]) -> None:
        """Make addresses of an installation, which answer 410, serve again."""
        ours = (endpoints.c.install_id == install_id) & endpoints.c.uuid.in_(list(uuids))
        with self._database.write() as connection:
            connection.execute(update(endpoints).where(ours).values(removed_at=None))
            bump(connection, ENDPOINTS)

    def _retire(self, connection: Connection, install_id: int, keep: Collection[str] = ()) -> None:
        ours = (endpoints.c.install_id == install_id) & endpoints.c.function.not_in(list(keep))
        connection.execute(
            update(endpoints).where(SERVING, ours).values(removed_at=self._clock.now())
        )

    def _made(self, row: Row[Any]) -> Installation:
        return _installation(row, self._apps)

    def _one(self, query: Select[Any]) -> Row[Any] | None:
        with self._database.read() as connection:
            return connection.execute(query).one_or_none()


def _installation(row: Row[Any], apps: Path | None) -> Installation:
    return Installation(
        install_id=row.install_id,
        app_id=row.app_id,
        account=row.account,
        version=row.version,
        root=_here(row.root, apps, row.app_id),
        state=InstallationState(row.state),
        installed_at=row.installed_at,
        updated_at=row.updated_at,
        upgrade=_upgrade(row.upgrade, apps, row.app_id),
        attentions=attentions_of(row),
        accepted=accepted_of(row),
    )


def _here(root: str, apps: Path | None, app_id: str) -> Path:
    """Find in this home a copy whose place in some home is known."""
    return Path(root) if apps is None else apps / app_id / Path(root).name


def _upgrade(kept: Mapping[str, Any] | None, apps: Path | None, app_id: str) -> Upgrade | None:
    if kept is None:
        return None
    before, after = (
        AppVersion(kept[side]["version"], _here(kept[side]["root"], apps, app_id))
        for side in ("before", "after")
    )
    return Upgrade(before, after, UpgradePhase(kept["phase"]))


def _upgrade_json(upgrade: Upgrade) -> dict[str, Any]:
    before, after = (
        {"version": side.version, "root": str(side.root)}
        for side in (upgrade.before, upgrade.after)
    )
    return {"before": before, "after": after, "phase": upgrade.phase.value}


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
