"""Plans wait sealed in the database, each until it expires or somebody applies it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mooring.adapters.database import Database
from mooring.adapters.repositories import plans as module
from mooring.adapters.repositories.plans import Plans
from mooring.adapters.secrets.sealing import Seal
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import key_values
from mooring.errors import NotFound, RecordInvalid, UsageError
from mooring.model.plan import Plan
from mooring.testing.clock import FakeClock

ADDRESS = "ada@example.com"
ID = "8c29d73a-febc-454c-960a-9645226a85a3"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def plans(database: Database, vault: Vault, clock: FakeClock) -> Plans:
    return plans_of(1, database, vault, clock)


def plans_of(install_id: int, database: Database, vault: Vault, clock: FakeClock) -> Plans:
    seal = Seal("plan", vault=lambda: vault)
    return Plans(database, install_id=install_id, seal=seal, clock=clock)


def plan_of(clock: FakeClock, plan_id: str = ID) -> Plan:
    now = clock.now()
    return Plan(
        *(plan_id, "shop", "1.0.0", "1.0.0-abc", "local", 1, "sync"),
        parameters={},
        made_at=now,
        expires_at=now + timedelta(days=1),
        samples=[{"content": {"email": ADDRESS}}],
        writes={"w": 1},
    )


def texts(database: Database) -> str:
    with database.read() as connection:
        rows = connection.execute(select(key_values.c.key, key_values.c.value)).all()
    return "\n".join(f"{row.key} {row.value}" for row in rows)


def test_a_plan_comes_back_by_its_id_or_the_beginning_or_the_end_of_it(
    plans: Plans, clock: FakeClock
) -> None:
    plan = plan_of(clock)
    plans.put(plan)
    assert plans.get(ID) == plans.get("8C29") == plans.get("85a3") == plan


@pytest.mark.parametrize("name", ["", "8c2", "9999", f"{ID}0", "8c29/", "%"])
def test_what_is_no_plan_is_not_found(name: str, plans: Plans, clock: FakeClock) -> None:
    plans.put(plan_of(clock))
    with pytest.raises(NotFound, match="There is no plan"):
        plans.get(name)


def test_nobody_finds_the_plan_of_another_installation(
    plans: Plans, clock: FakeClock, database: Database, vault: Vault
) -> None:
    plans.put(plan_of(clock))
    with pytest.raises(NotFound, match="There is no plan"):
        plans_of(2, database, vault, clock).get(ID)


def test_a_beginning_of_two_ids_names_neither(plans: Plans, clock: FakeClock) -> None:
    for plan_id in ("abcd-1", "abcd-2"):
        plans.put(plan_of(clock, plan_id))
    with pytest.raises(UsageError, match="Several plans begin or end with abcd"):
        plans.get("abcd")


def test_a_large_plan_is_kept_in_parts(
    plans: Plans, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART", 7)
    plan = replace(plan_of(clock), writes={str(number): number for number in range(200)})
    plans.put(plan)
    assert plans.get(ID) == plan


def test_nothing_of_what_people_are_is_legible_in_the_database(
    plans: Plans, clock: FakeClock, database: Database
) -> None:
    plans.put(plan_of(clock))
    plans.made(plan_of(clock)).add("w", {"-1": ADDRESS})
    assert "sealed:" in texts(database)
    assert ADDRESS not in texts(database)
    assert ADDRESS.encode().hex() not in texts(database)


def test_what_was_put_there_from_another_plan_does_not_open(
    plans: Plans, clock: FakeClock, database: Database
) -> None:
    plans.put(plan_of(clock))
    plans.put(plan_of(clock, "other"))
    mine, theirs = f"part/{ID}/00000", "part/other/00000"
    with database.write() as connection:
        row = connection.scalar(select(key_values.c.value).where(key_values.c.key == theirs))
        connection.execute(key_values.update().where(key_values.c.key == mine).values(value=row))
    with pytest.raises(RecordInvalid, match="does not open"):
        plans.get(ID)


def test_a_plan_is_good_for_its_time_and_the_next_one_takes_its_rest_away(
    plans: Plans, clock: FakeClock, database: Database
) -> None:
    plans.put(plan_of(clock))
    clock.advance(86_399)
    assert plans.get(ID).plan_id == ID
    clock.advance(1)
    with pytest.raises(NotFound):
        plans.get(ID)
    plans.put(plan_of(clock, "other"))
    assert ID not in texts(database)


def test_one_run_applies_a_plan_and_finds_it_however_long_it_takes(
    plans: Plans, clock: FakeClock
) -> None:
    plan = plan_of(clock)
    plans.put(plan)
    assert plans.applied_by(plan) is None
    assert plans.apply(plan, "run-1")
    assert not plans.apply(plan, "run-2")
    assert plans.applied_by(plan) == "run-1"
    clock.advance(7 * 86_400)
    assert plans.get(ID).writes == plan.writes


def test_what_only_people_look_at_is_not_kept_for_the_run(plans: Plans, clock: FakeClock) -> None:
    plan = plan_of(clock)
    plans.put(plan)
    plans.apply(plan, "run-1")
    assert plans.get(ID).samples == []


def test_writes_that_were_made_are_remembered_with_what_they_told(
    plans: Plans, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    plan = plan_of(clock)
    for key in ("a", "b", "c"):
        plans.made(plan).add(key, {"-1": 17})
    plans.made(plan).add("a", {})
    plans.made(plan_of(clock, "other")).add("d", {})
    assert plans.made(plan).made() == {"a": {}, "b": {"-1": 17}, "c": {"-1": 17}}


def test_a_refusal_is_remembered_with_its_reason(
    plans: Plans, clock: FakeClock, database: Database, vault: Vault
) -> None:
    plan = plan_of(clock)
    plans.put(plan)
    assert plans.made(plan).refused() is None
    plans.made(plan).refuse("It is not in the plan.")
    elsewhere = plans_of(1, database, vault, clock)
    assert elsewhere.made(plan).refused() == "It is not in the plan."
    assert "not in the plan" not in texts(database)


def test_the_moment_of_a_plan_is_kept_exactly(plans: Plans, clock: FakeClock) -> None:
    made_at = datetime(2026, 11, 25, 12, 0, 0, 654321, tzinfo=UTC)
    plans.put(replace(plan_of(clock), made_at=made_at))
    assert plans.get(ID).made_at == made_at
