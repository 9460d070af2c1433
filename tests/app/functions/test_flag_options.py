"""The form offers the flags of the connected projects, told apart where keys are shared."""

from __future__ import annotations

from mooring.sdk import Request, storage
from mooring.testing.memory import MemoryApp
from src.functions.flag_options import FlagOptions
from tests.app.functions.conftest import API, FLAGS


def options() -> list[dict[str, str]]:
    return list(FlagOptions(Request("GET")).perform().body_json)


def test_flags_and_features_are_offered_by_name(connector: MemoryApp) -> None:
    projects = [
        {"id": 1, "name": "Shop", "is_flags_enabled": True},
        {"id": 2, "name": "Mobile", "is_flags_enabled": False},
        {"id": 3, "name": "Other", "is_flags_enabled": True},
    ]
    connector.http.answer("GET", f"{API}/projects", json=projects)
    flags = [
        {"key": "gift_cards", "name": "Gift cards"},
        {"key": "dark_mode", "name": ""},
        {"key": "gone", "name": "Gone", "archived": True},
    ]
    connector.http.answer("GET", f"{FLAGS}/projects/1/flags", json={"items": flags})
    features = [{"key": "dark_mode", "name": "Dark mode"}]
    connector.http.answer("GET", f"{API}/features", json=features)
    assert options() == [
        {"text": "Mobile – Dark mode", "value": "2:dark_mode"},
        {"text": "Shop – dark_mode", "value": "1:dark_mode"},
        {"text": "Shop – Gift cards", "value": "gift_cards"},
    ]


def test_without_a_connection_nothing_is_offered_or_asked(connector: MemoryApp) -> None:
    storage.settings.patch("projects", {"connections": []})
    assert options() == []
    assert connector.http.requests == []
