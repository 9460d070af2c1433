"""Installing, upgrading and failing services: nothing half-done, nothing leaked."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import SettingsRefused
from mooring.sdk import storage
from mooring.testing.memory import MemoryApp
from mooring.testing.plugin import memory_app
from src.clients.stored_settings import load_settings
from src.core.settings import SECTIONS, Settings
from src.lifecycle.lifecycle import DESKS, Lifecycle

__all__ = ["memory_app"]

API = "https://api.optimizely.com/v2/projects"
TOKEN = "canary-2f7d"


def submit(section: str, action: str, **form: Any) -> dict[str, Any]:
    return Lifecycle().on_settings_form(section, action, form).to_json(section)


@pytest.fixture(autouse=True)
def installed(memory_app: MemoryApp) -> MemoryApp:
    assert Lifecycle().on_install().success
    return memory_app


def test_every_section_of_the_form_has_its_desk() -> None:
    assert tuple(DESKS) == SECTIONS


def test_a_fresh_installation_has_the_forms_defaults_and_a_token_nobody_knows() -> None:
    assert load_settings() == Settings()
    assert storage.settings.get("sync")["enabled"] is True
    assert len(storage.secrets.get("decisions_token")["value"]) >= 32


def test_an_upgrade_keeps_what_was_chosen() -> None:
    token = storage.secrets.get("decisions_token")
    storage.settings.patch("sync", {"enabled": False})
    assert Lifecycle().on_upgrade("0.1.0").success
    assert storage.settings.get("sync")["enabled"] is False
    assert storage.secrets.get("decisions_token") == token


def test_an_unknown_action_is_answered_with_those_there_are() -> None:
    (toast,) = submit("sync", "delete")["toasts"]
    assert toast["intent"] == "danger"
    assert "save, sync_now" in toast["message"]


@pytest.mark.parametrize(
    ("status", "said"),
    [(503, "try again in a few minutes"), (429, "try again in 7 seconds"), (400, "status 400")],
)
def test_a_service_that_fails_means_that_nothing_is_saved(
    installed: MemoryApp, status: int, said: str
) -> None:
    installed.http.answer(
        "GET", API, status=status, headers={"retry-after": "7"} if status == 429 else {}
    )
    answer = submit("optimizely", "save", access_token=TOKEN)
    (toast,) = answer["toasts"]
    assert toast["intent"] == "danger"
    assert "Nothing was saved" in toast["message"]
    assert said in toast["message"]
    assert storage.settings.get("optimizely") == {}
    assert TOKEN not in f"{answer}{installed.log.lines}"


def test_a_token_without_projects_says_what_is_missing(installed: MemoryApp) -> None:
    installed.http.answer("GET", API, json=[{"id": 1, "name": "Old", "status": "archived"}])
    answer = submit("optimizely", "save", access_token=TOKEN)
    assert "no project" in answer["errors"]["optimizely.access_token"][0]
    assert storage.settings.get("optimizely") == {}


def test_a_file_with_an_unknown_key_is_refused_with_place_and_remedy() -> None:
    with pytest.raises(SettingsRefused) as refused:
        Lifecycle().on_settings_file({"connectors": {"optimizely": {"acces_token": TOKEN}}})
    assert refused.value.where == "connectors.optimizely.acces_token"
    assert "Did you mean access_token?" in refused.value.hint
    assert TOKEN not in str(refused.value)


def test_keys_without_a_place_in_the_file_come_from_the_environment() -> None:
    assert dict(Lifecycle.settings_file_variables) == {
        "connectors.optimizely.brevo.api_key": "BREVO_API_KEY",
        "connectors.optimizely.tajo.api_key": "TAJO_API_KEY",
    }


def test_uninstalling_what_was_never_connected_succeeds() -> None:
    assert Lifecycle().on_uninstall().success
