"""Are credentials tried before they are kept?"""

from __future__ import annotations

import pytest
from mooring.sdk import LifecycleSettingsResult, storage
from mooring.testing import MemoryApp

from src.lifecycle.lifecycle import Lifecycle

from .conftest import SERVICE


def submit(key: str) -> LifecycleSettingsResult:
    return Lifecycle().on_settings_form("connection", "verify", {"api_key": key})


def test_installing_asks_nobody(memory_app: MemoryApp) -> None:
    assert Lifecycle().on_install().success
    assert memory_app.http.requests == []


def test_a_key_that_the_service_accepts_is_kept(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", f"{SERVICE}/account", json={"name": "Messages Ltd"})
    assert submit("key-1").ok
    kept = {"api_key": "key-1", "connected": "Messages Ltd"}
    assert storage.settings.get("connection") == kept
    assert memory_app.http.requests[0].headers["authorization"] == "Bearer key-1"


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_key_that_was_not_accepted_is_not_kept(memory_app: MemoryApp, status: int) -> None:
    memory_app.http.answer("GET", f"{SERVICE}/account", status=status)
    assert not submit("key-1").ok
    assert storage.settings.get("connection") == {}


def test_nothing_stands_in_the_way_of_leaving(memory_app: MemoryApp) -> None:
    assert Lifecycle().can_uninstall().uninstallable
    assert Lifecycle().on_uninstall().success
    assert memory_app.http.requests == []
