"""What apps told the people whose account it is: masked, cut, newest first, not for ever."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from mooring.adapters.database import Database
from mooring.adapters.masking import Masker
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.notifications import Notifications
from mooring.adapters.tables import notifications as table
from mooring.model.installation import Installation
from mooring.model.notification import LONGEST, Notification
from mooring.testing.clock import FakeClock


@pytest.fixture
def notifications(database: Database, clock: FakeClock, masker: Masker) -> Notifications:
    return Notifications(database, clock=clock, hide=masker.hide, most=3)


def add(database: Database, clock: FakeClock, app_id: str, account: str) -> Installation:
    installations = Installations(database, clock=clock)
    return installations.create(app_id=app_id, account=account, version="1.0.0", root="/apps/x")


@pytest.fixture
def shop(database: Database, clock: FakeClock) -> Installation:
    return add(database, clock, "shop", "a")


def titles(found: list[Notification]) -> list[str]:
    return [each.title for each in found]


def test_an_entry_is_kept_with_whose_it_is_and_when(
    notifications: Notifications, shop: Installation, clock: FakeClock
) -> None:
    made = notifications.add(shop, "warn", "Import", "3 rows refused", "Look at them.", "a, b, c")
    assert notifications.recent() == [made]
    assert made == Notification(
        notification_id=made.notification_id,
        at=clock.now(),
        install_id=shop.install_id,
        app_id="shop",
        account="a",
        level="warn",
        activity="Import",
        title="3 rows refused",
        summary="Look at them.",
        details="a, b, c",
    )


def test_entries_come_newest_first_by_account_app_level_and_number(
    notifications: Notifications, database: Database, shop: Installation, clock: FakeClock
) -> None:
    other = add(database, clock, "mail", "b")
    first = notifications.add(shop, "info", "x", "one", "s")
    notifications.add(other, "warn", "x", "two", "s")
    notifications.add(shop, "error", "x", "three", "s")
    assert titles(notifications.recent()) == ["three", "two", "one"]
    assert titles(notifications.recent(account="a")) == ["three", "one"]
    assert titles(notifications.recent(app_id="mail")) == ["two"]
    assert titles(notifications.recent(level="warn")) == ["three", "two"]
    assert titles(notifications.recent(after=first.notification_id)) == ["three", "two"]
    assert titles(notifications.recent(limit=1)) == ["three"]


def test_the_latest_of_each_installation_are_kept(
    notifications: Notifications, database: Database, shop: Installation, clock: FakeClock
) -> None:
    other = add(database, clock, "mail", "b")
    notifications.add(other, "info", "x", "theirs", "s")
    for number in range(5):
        notifications.add(shop, "info", "x", str(number), "s")
    assert titles(notifications.recent(account="a")) == ["4", "3", "2"]
    assert titles(notifications.recent(account="b")) == ["theirs"]


def test_secrets_are_masked_before_anything_is_stored_and_before_it_is_cut(
    notifications: Notifications, database: Database, shop: Installation, masker: Masker
) -> None:
    masker.learn("canary-token-41")
    cut_inside = "x" * (LONGEST["title"] - 8) + "canary-token-41"
    notifications.add(
        shop, "error", "canary-token-41", cut_inside, "canary-token-41", "canary-token-41"
    )
    with database.read() as connection:
        stored = repr(connection.execute(select(table)).all())
    assert "canary" not in stored


def test_what_is_too_long_is_cut(notifications: Notifications, shop: Installation) -> None:
    long = {part: "é" * (most + 1) for part, most in LONGEST.items()}
    made = notifications.add(shop, "info", **long)
    for part, most in LONGEST.items():
        kept = getattr(made, part)
        assert (len(kept), kept[-1]) == (most, "…")


def test_any_text_is_kept(notifications: Notifications, shop: Installation) -> None:
    notifications.add(shop, "info", "\x00", "\ud800", "  two lines\nhere ", None)
    (found,) = notifications.recent()
    assert (found.activity, found.title, found.summary) == ("\ufffd", "\ufffd", "two lines\nhere")


def test_a_purge_takes_them_along(
    notifications: Notifications, database: Database, shop: Installation
) -> None:
    notifications.add(shop, "info", "x", "t", "s")
    Installations(database).remove(shop.install_id)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 0
