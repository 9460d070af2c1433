from __future__ import annotations

from typing import Any

import pytest

from mooring.testing.memory import MemoryApp
from src.clients.flags import Flags

SHOP = "20000000001"
FLAGS = "https://api.optimizely.com/flags/v1/projects/1/flags"


def client(connected: Any) -> Flags:
    return Flags(connected.sandbox.credentials["optimizely_token"])


def test_flags_and_the_rules_of_one_or_all_environments_are_read(connected: Any) -> None:
    flags = client(connected)
    assert len(flags.flags(SHOP)) == 11
    rules = flags.rules(SHOP, environment="production")
    assert {each["environment_key"] for each in rules} == {"production"}
    assert len(flags.rules(SHOP)) > len(rules)


def test_every_page_is_followed(connected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.clients.flags.MOST_PER_PAGE", 4)
    keys = [each["key"] for each in client(connected).flags(SHOP)]
    assert len(keys) == len(set(keys)) == 11


@pytest.mark.parametrize("host", ["", "https://api.optimizely.com/flags/v1"])
def test_links_may_be_absolute_or_not(memory_app: MemoryApp, host: str) -> None:
    following = f"{host}/projects/1/flags?page_token=2"
    memory_app.http.answer("GET", FLAGS, json={"items": [{"key": "a"}], "next_url": [following]})
    memory_app.http.answer("GET", FLAGS, json={"items": [{"key": "b"}], "next_url": []})
    assert Flags("t").flags("1") == [{"key": "a"}, {"key": "b"}]
    assert memory_app.http.requests[-1].url == f"{FLAGS}?page_token=2"
