"""Marks of installations whose credentials are accepted no more, whoever sets and lifts them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.attention import AttentionMarks
from mooring.adapters.repositories.installations import INSTALLS, Installations
from mooring.model.installation import Attention, Installation, InstallationState
from mooring.testing.clock import FakeClock

SECOND = timedelta(seconds=1)


@pytest.fixture
def marks(database: Database) -> AttentionMarks:
    return AttentionMarks(database)


@pytest.fixture
def installations(database: Database, clock: FakeClock) -> Installations:
    return Installations(database, clock=clock)


@pytest.fixture
def shop(installations: Installations) -> Installation:
    made = installations.create(app_id="shop", account="a", version="1.0.0", root="/apps/shop")
    installations.set_state(made.install_id, InstallationState.INSTALLED)
    return installations.get(made.install_id)


def mark(marks: AttentionMarks, shop: Installation, clock: FakeClock, section: str = "a") -> bool:
    attention = Attention(section, f"{section} is refused.", clock.now())
    return marks.mark(shop.install_id, attention, began=clock.now())


def test_a_marked_installation_says_what_about_and_since_when(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    assert mark(marks, shop, clock)
    found = installations.get(shop.install_id)
    assert found.state is InstallationState.NEEDS_ATTENTION
    assert found.attention == Attention("a", "a is refused.", clock.now())


def test_a_section_is_marked_once(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    assert mark(marks, shop, clock)
    first = installations.get(shop.install_id).attention
    clock.sleep(60)
    assert not mark(marks, shop, clock)
    assert installations.get(shop.install_id).attention == first


def test_each_section_has_a_mark_of_its_own(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    assert mark(marks, shop, clock, "a")
    assert mark(marks, shop, clock, "b")
    assert marks.accept(shop.install_id, "a", now=clock.now() + SECOND)
    left = installations.get(shop.install_id)
    assert (left.state, left.attention and left.attention.section) == (
        InstallationState.NEEDS_ATTENTION,
        "b",
    )


def test_the_last_section_that_is_accepted_makes_all_well(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    mark(marks, shop, clock)
    assert marks.accept(shop.install_id, "a", now=clock.now() + SECOND)
    found = installations.get(shop.install_id)
    assert (found.state, found.attention) == (InstallationState.INSTALLED, None)
    assert found.accepted == {"a": clock.now() + SECOND}


def test_accepting_what_was_not_marked_takes_nothing_away(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    assert not marks.accept(shop.install_id, "b", now=clock.now())
    assert installations.get(shop.install_id).state is InstallationState.INSTALLED


def test_a_mark_of_no_section_goes_with_any_save(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    mark(marks, shop, clock, "")
    assert marks.accept(shop.install_id, "b", now=clock.now())
    assert installations.get(shop.install_id).attention is None


def test_a_call_that_began_before_the_save_proves_nothing(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    began = clock.now()
    clock.sleep(1)
    marks.accept(shop.install_id, "a", now=clock.now())
    clock.sleep(1)
    late = Attention("a", "The former token is refused.", clock.now())
    assert not marks.mark(shop.install_id, late, began=began)
    assert installations.get(shop.install_id).attention is None
    assert marks.mark(shop.install_id, late, began=clock.now())


def test_what_is_being_installed_or_is_gone_is_not_marked(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    for state in (InstallationState.INSTALLING, InstallationState.UNINSTALLED):
        installations.set_state(shop.install_id, state)
        assert not mark(marks, shop, clock)
    installations.remove(shop.install_id)
    assert not mark(marks, shop, clock)
    assert not marks.accept(shop.install_id, "a", now=clock.now())


def test_an_upgrade_goes_on_and_its_end_keeps_the_mark_in_mind(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    installations.set_state(shop.install_id, InstallationState.UPGRADING)
    assert mark(marks, shop, clock)
    assert installations.get(shop.install_id).state is InstallationState.UPGRADING
    installations.set_state(shop.install_id, InstallationState.INSTALLED)
    assert installations.get(shop.install_id).state is InstallationState.NEEDS_ATTENTION


def test_a_mark_that_was_lifted_meanwhile_does_not_come_back(
    marks: AttentionMarks, installations: Installations, shop: Installation, clock: FakeClock
) -> None:
    mark(marks, shop, clock)
    installations.set_state(shop.install_id, InstallationState.UNINSTALLING)
    marks.accept(shop.install_id, "a", now=clock.now())
    installations.set_state(shop.install_id, InstallationState.NEEDS_ATTENTION)
    assert installations.get(shop.install_id).state is InstallationState.INSTALLED


def test_other_processes_hear_of_it(
    marks: AttentionMarks, database: Database, shop: Installation, clock: FakeClock
) -> None:
    before = database.revision(INSTALLS)
    mark(marks, shop, clock)
    marks.accept(shop.install_id, "a", now=clock.now())
    assert database.revision(INSTALLS) == before + 2


@pytest.fixture
def elsewhere(database: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The same database, opened by another process."""
    if database.is_postgresql:
        url = database._engine.url.set(drivername="postgresql")
        opened = Database.open(url.render_as_string(hide_password=False))
    else:
        opened = Database.open(str(database._engine.url))
    yield opened
    opened.close()


def test_of_many_failing_calls_in_two_processes_one_marks(
    database: Database,
    elsewhere: Database,
    installations: Installations,
    shop: Installation,
    clock: FakeClock,
) -> None:
    both = [AttentionMarks(database), AttentionMarks(elsewhere)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: mark(both[n % 2], shop, clock, "ab"[n // 20]), range(40)))
    assert (sum(done[:20]), sum(done[20:])) == (1, 1)
    assert {each.section for each in installations.get(shop.install_id).attentions} == {"a", "b"}


def test_marks_and_saves_at_the_same_time_leave_a_state_that_fits(
    database: Database,
    elsewhere: Database,
    installations: Installations,
    shop: Installation,
    clock: FakeClock,
) -> None:
    def change(number: int) -> None:
        marks = AttentionMarks(database if number % 2 else elsewhere)
        if number % 3:
            mark(marks, shop, clock)
        else:
            marks.accept(shop.install_id, "a", now=clock.now() - SECOND)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(30)))
    found = installations.get(shop.install_id)
    needs = found.state is InstallationState.NEEDS_ATTENTION
    assert needs == (found.attention is not None)
