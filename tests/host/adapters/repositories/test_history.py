"""What happened to installations, kept for good."""

from __future__ import annotations

import pytest

from mooring.adapters.database import Database
from mooring.adapters.masking import Masker
from mooring.adapters.repositories.history import LONGEST_MESSAGE, History
from mooring.adapters.repositories.installations import Installations
from mooring.model.installation import Installation
from mooring.testing.clock import FakeClock


@pytest.fixture
def history(database: Database, clock: FakeClock, masker: Masker) -> History:
    return History(database, clock=clock, actor="cli:ada", hide=masker.hide)


@pytest.fixture
def shop(database: Database, clock: FakeClock) -> Installation:
    installations = Installations(database, clock=clock)
    return installations.create(app_id="shop", account="a", version="1.0.0", root="/apps/shop")


def test_an_entry_says_who_did_what_to_which_version_and_when(
    history: History, shop: Installation, clock: FakeClock
) -> None:
    history.record(shop, "upgrade", outcome="failed", message="on_upgrade of shop refused: no")
    (entry,) = history.of(install_id=shop.install_id)
    assert entry.to_json() == {
        "at": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "actor": "cli:ada",
        "app_id": "shop",
        "account": "a",
        "install_id": shop.install_id,
        "version": "1.0.0",
        "action": "upgrade",
        "outcome": "failed",
        "message": "on_upgrade of shop refused: no",
    }


def test_the_newest_entries_come_first(history: History, shop: Installation) -> None:
    for action in ("install", "settings", "upgrade"):
        history.record(shop, action)
    found = history.of(app_id="shop", account="a", limit=2)
    assert [entry.action for entry in found] == ["upgrade", "settings"]
    assert history.of(app_id="shop", account="b") == []


def test_a_secret_in_a_reason_is_hidden(
    history: History, shop: Installation, masker: Masker
) -> None:
    masker.learn("xkeysib-secret")
    history.record(shop, "install", outcome="failed", message="401 for xkeysib-secret")
    assert "xkeysib" not in history.of()[0].message


def test_the_entries_of_a_purged_installation_stay(
    history: History, shop: Installation, database: Database
) -> None:
    history.record(shop, "install")
    Installations(database).remove(shop.install_id)
    assert [entry.app_id for entry in history.of(install_id=shop.install_id)] == ["shop"]


def test_a_reason_of_any_length_and_content_is_kept(history: History, shop: Installation) -> None:
    history.record(shop, "install", outcome="failed", message="\x00\ud800" + "x" * 10_000)
    message = history.of()[0].message
    assert len(message) == LONGEST_MESSAGE
    assert message.endswith("x")
