"""Installations and their addresses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from mooring.adapters.database import Database
from mooring.adapters.record_stores import KeyValueRecords
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.tables import key_values, runs, schedules
from mooring.errors import Conflict, NotFound
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import JobSchedule
from mooring.testing.clock import FakeClock


@pytest.fixture
def installations(database: Database, clock: FakeClock) -> Installations:
    return Installations(database, clock=clock)


def add(installations: Installations, app_id: str = "shop", account: str = "a") -> Installation:
    return installations.create(app_id=app_id, account=account, version="1.0.0", root="/apps/shop")


def test_a_new_installation_is_installing(installations: Installations, clock: FakeClock) -> None:
    made = add(installations)
    assert made == Installation(
        install_id=made.install_id,
        app_id="shop",
        account="a",
        version="1.0.0",
        root=Path("/apps/shop"),
        state=InstallationState.INSTALLING,
        installed_at=clock.now(),
        updated_at=clock.now(),
    )
    assert installations.get(made.install_id) == made


def test_an_app_lives_once_in_an_account(installations: Installations) -> None:
    add(installations)
    with pytest.raises(Conflict, match=r"shop is already installed in account a.*uninstall"):
        add(installations)


def test_an_app_lives_in_several_accounts(installations: Installations) -> None:
    add(installations, account="a")
    add(installations, account="b")
    assert [one.account for one in installations.all()] == ["a", "b"]


def test_of_many_that_install_at_once_one_succeeds(installations: Installations) -> None:
    def attempt(_: int) -> bool:
        try:
            add(installations)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_an_uninstalled_app_can_be_installed_again(installations: Installations) -> None:
    former = add(installations)
    installations.set_state(former.install_id, InstallationState.UNINSTALLED)
    assert installations.find("shop", "a") is None
    assert add(installations).install_id > former.install_id


def test_only_the_living_are_found(installations: Installations) -> None:
    made = add(installations)
    assert installations.find("shop", "a") == made
    assert installations.find("shop", "b") is None
    installations.set_state(made.install_id, InstallationState.UNINSTALLED)
    assert installations.all() == []


def test_a_change_of_state_is_dated(installations: Installations, clock: FakeClock) -> None:
    made = add(installations)
    clock.advance(60)
    installations.set_state(made.install_id, InstallationState.INSTALLED)
    changed = installations.get(made.install_id)
    assert changed.state is InstallationState.INSTALLED
    assert changed.updated_at - changed.installed_at == timedelta(seconds=60)


def test_an_unknown_installation_is_not_found(installations: Installations) -> None:
    with pytest.raises(NotFound, match="no installation 7"):
        installations.get(7)
    with pytest.raises(NotFound, match="no installation 7"):
        installations.set_state(7, InstallationState.INSTALLED)


def test_a_change_can_be_noticed(installations: Installations, database: Database) -> None:
    before = database.revision("installs")
    add(installations)
    assert database.revision("installs") > before


def test_removing_deletes_everything_but_the_addresses(
    installations: Installations, database: Database, clock: FakeClock
) -> None:
    made = add(installations)
    owner = f"install/{made.install_id}"
    KeyValueRecords(database, owner=owner, clock=clock).put("k", {})
    Runs(database, clock=clock).create(made, "sync", {}, scheduled_at=clock.now())
    Schedules(database).put(JobSchedule(made.install_id, "sync", "0 * * * *"))
    endpoint = installations.add_endpoint(made.install_id, "shop", "hook")
    installations.remove(made.install_id)
    with database.read() as connection:
        left = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in (key_values, runs, schedules)
        }
    assert left == {"key_values": 0, "runs": 0, "schedules": 0}
    found = installations.endpoint(endpoint.uuid)
    assert found is not None
    assert found.removed_at == clock.now()


def test_removing_one_leaves_the_others_records(
    installations: Installations, database: Database, clock: FakeClock
) -> None:
    first, second = add(installations, account="a"), add(installations, account="b")
    records = KeyValueRecords(database, owner=f"install/{second.install_id}", clock=clock)
    records.put("k", {"n": 1})
    installations.remove(first.install_id)
    assert records.get("k") == {"n": 1}


def test_an_id_is_never_given_out_twice(installations: Installations) -> None:
    first = add(installations)
    installations.remove(first.install_id)
    assert add(installations).install_id > first.install_id


def test_a_function_keeps_its_address(installations: Installations) -> None:
    made = add(installations)
    first = installations.add_endpoint(made.install_id, "shop", "hook")
    assert UUID(first.uuid).version == 4
    assert installations.add_endpoint(made.install_id, "shop", "hook") == first
    assert installations.endpoints(made.install_id) == [first]


def test_a_retired_address_is_known_as_removed(
    installations: Installations, clock: FakeClock
) -> None:
    made = add(installations)
    endpoint = installations.add_endpoint(made.install_id, "shop", "hook")
    installations.retire_endpoints(made.install_id)
    assert installations.endpoints(made.install_id) == []
    found = installations.endpoint(endpoint.uuid)
    assert found is not None
    assert found.removed_at == clock.now()


def test_an_address_that_was_never_given_out_is_unknown(installations: Installations) -> None:
    assert installations.endpoint("3f8a9a52-0000-4000-8000-000000000000") is None


def test_a_new_or_retired_address_can_be_noticed(
    installations: Installations, database: Database
) -> None:
    made = add(installations)
    seen = [database.revision("endpoints")]
    installations.add_endpoint(made.install_id, "shop", "hook")
    seen.append(database.revision("endpoints"))
    installations.retire_endpoints(made.install_id)
    seen.append(database.revision("endpoints"))
    assert seen == sorted(set(seen))
