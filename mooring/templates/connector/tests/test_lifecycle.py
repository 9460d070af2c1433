"""Are credentials tried before they are kept?"""

from __future__ import annotations

import pytest
from mooring.sdk import LifecycleSettingsResult, storage
from mooring.testing import MemoryApp

from src.lifecycle.lifecycle import Lifecycle

from .conftest import SHOP


def submit(section: str, action: str = "save", **values: object) -> LifecycleSettingsResult:
    return Lifecycle().on_settings_form(section, action, values)


def test_a_new_installation_brings_orders_in(memory_app: MemoryApp) -> None:
    assert Lifecycle().on_install().success
    assert storage.settings.get("orders") == {"enabled": True}


def test_a_key_that_the_shop_accepts_is_kept(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", f"{SHOP}/account", json={"name": "Corner Shop"})
    result = submit("connection", "verify", api_key="key-1", webhook_secret="s3cret")
    assert result.ok
    assert storage.settings.get("connection")["connected"] == "Corner Shop"
    assert storage.secrets.get("order_webhook_signature") == {"value": "s3cret"}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, {"connection.api_key": ["The shop does not accept this key; make a new one."]}),
        (500, {}),
    ],
)
def test_a_key_that_was_not_accepted_is_not_kept(
    memory_app: MemoryApp, status: int, said: dict[str, list[str]]
) -> None:
    memory_app.http.answer("GET", f"{SHOP}/account", status=status)
    result = submit("connection", "verify", api_key="key-1")
    assert not result.ok
    assert result.to_json("connection")["errors"] == said
    assert storage.settings.get("connection") == {}


def test_saving_orders_starts_nothing(memory_app: MemoryApp) -> None:
    assert submit("orders", enabled=False).ok
    assert storage.settings.get("orders") == {"enabled": False}
    assert memory_app.jobs.runs == {}


def test_the_import_can_be_started_by_hand(memory_app: MemoryApp) -> None:
    submit("orders", "import", enabled=True)
    assert [run.job for run in memory_app.jobs.runs.values()] == ["import_orders"]


def test_nothing_stands_in_the_way_of_leaving(memory_app: MemoryApp) -> None:
    assert Lifecycle().can_uninstall().uninstallable
    assert Lifecycle().on_uninstall().success
    assert memory_app.http.requests == []
