"""The form offers the environments of every project that can be connected."""

from __future__ import annotations

import pytest

from mooring.errors import CredentialsRejected
from mooring.sdk import Request, storage
from mooring.testing.memory import MemoryApp
from src.functions.environment_options import EnvironmentOptions
from tests.app.functions.conftest import API


def options() -> list[dict[str, str]]:
    return list(EnvironmentOptions(Request("GET")).perform().body_json)


def test_each_environment_with_an_sdk_key_is_offered(connector: MemoryApp) -> None:
    projects = [
        {"id": 1, "name": "Shop", "status": "active"},
        {"id": 2, "name": "Old", "status": "archived"},
    ]
    environments = [
        {"key": "production", "name": "Production", "datafile": {"sdk_key": "a"}},
        {"key": "gone", "name": "Gone", "datafile": {"sdk_key": "b"}, "archived": True},
        {"key": "new", "name": "New", "datafile": None},
    ]
    connector.http.answer("GET", f"{API}/projects", json=projects)
    connector.http.answer("GET", f"{API}/environments", json=environments)
    assert options() == [{"text": "Shop – Production", "value": "1:production"}]


def test_without_a_token_nothing_is_offered_or_asked(connector: MemoryApp) -> None:
    storage.settings.delete("optimizely")
    assert options() == []
    assert connector.http.requests == []


def test_a_token_that_is_refused_says_so(connector: MemoryApp) -> None:
    connector.http.answer("GET", f"{API}/projects", status=401)
    with pytest.raises(CredentialsRejected, match="expired or is invalid"):
        options()
