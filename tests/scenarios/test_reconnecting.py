"""Credentials end in the middle of a life: one mark, one notification, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.local_services import APP, SETTINGS_FILE
from tests.scenarios.conftest import Connector

NEW_TOKEN, NEW_KEY = "2:another-optimizely-token", "xkeysib-another-brevo-key"
STAGES = '{"stages": ["catalogue"]}'
CONTACTS = '{"stages": ["contacts"]}'


@pytest.fixture
def life(connector: Connector) -> Connector:
    """Give a connector that is connected and works."""
    connector.connect()
    return connector


def sync(life: Connector, *arguments: str) -> dict[str, Any]:
    """Run a synchronisation that may fail."""
    return dict(life("jobs", "trigger", APP, "sync", "--wait", "--json", *arguments).json)


def needs(life: Connector, *arguments: str) -> tuple[str, list[str]]:
    """Return the state of the installation and the sections that need attention."""
    (shown,) = life.ok("apps", APP, "--json", *(arguments or ("--account", "local"))).json
    return shown["state"], [each["section"] for each in shown["attention"]]


def told(life: Connector) -> list[tuple[str, str]]:
    shown = life.ok("notifications", APP, "--json").json
    return [(each["level"], each["title"]) for each in reversed(shown)]


def revoke(life: Connector, name: str) -> None:
    life.sandbox.change(token=life.sandbox.credentials[name], revoke=True)


def renew(life: Connector, section: str, key: str, value: str) -> None:
    life.sandbox.change(token=value, enable=True)
    life.ok("settings", APP, section, "--set", f"{key}=-", stdin=f"{value}\n")


@pytest.mark.parametrize(
    ("credential", "section", "key", "value", "label", "stages"),
    [
        (
            *("optimizely_token", "optimizely", "access_token", NEW_TOKEN),
            *("Optimizely connection", STAGES),
        ),
        ("brevo_api_key", "brevo", "api_key", NEW_KEY, "Brevo connection", CONTACTS),
    ],
)
def test_revoked_credentials_are_noticed_named_and_renewed(
    life: Connector, credential: str, section: str, key: str, value: str, label: str, stages: str
) -> None:
    revoke(life, credential)
    ended = sync(life, "--parameters", stages)
    assert ended["status"] == "ERROR"
    assert sync(life, "--parameters", stages)["status"] == "ERROR"
    assert needs(life) == ("needs_attention", [section])
    assert told(life) == [("error", f"{label} needs your attention")]

    remedy = f"Go to section {label}: mooring settings {APP} {section}"
    assert remedy in life.ok("apps").out
    assert remedy in life.ok("jobs", "show", ended["run_id"]).out
    assert f"{key}: (set, hidden; no longer accepted)" in life.ok("settings", APP, section).out
    assert remedy in life("doctor").out

    renew(life, section, key, value)
    assert needs(life) == ("installed", [])
    assert told(life)[1:] == [("success", f"{label} works again")]
    assert sync(life, "--parameters", stages)["status"] == "COMPLETE"
    assert remedy not in life.ok("apps").out
    everything = "".join(path.read_text("utf-8") for path in life.program.home.rglob("*.jsonl"))
    assert life.sandbox.credentials[credential] not in everything


def test_a_function_and_a_save_that_find_the_kept_token_revoked_notice_it_too(
    life: Connector,
) -> None:
    revoke(life, "optimizely_token")
    assert life("functions", "invoke", APP, "environment_options").status == 1
    assert needs(life) == ("needs_attention", ["optimizely"])
    renew(life, "optimizely", "access_token", NEW_TOKEN)
    life.sandbox.change(token=NEW_TOKEN, revoke=True)
    assert life("settings", APP, "projects", "--set", "auto_update=false").status == 1
    assert needs(life) == ("needs_attention", ["optimizely"])


def test_of_two_accounts_the_one_is_marked_whose_token_was_revoked(life: Connector) -> None:
    theirs = ("--account", "acme")
    life.sandbox.change(token=NEW_TOKEN, enable=True)
    life.ok("install", ".", *theirs)
    life.ok(
        *("settings", APP, "--file", str(SETTINGS_FILE), *theirs),
        OPTIMIZELY_ACCESS_TOKEN=NEW_TOKEN,
    )
    revoke(life, "optimizely_token")
    assert sync(life, "--parameters", STAGES)["status"] == "ERROR"
    assert sync(life, "--parameters", STAGES, *theirs)["status"] == "COMPLETE"
    assert needs(life) == ("needs_attention", ["optimizely"])
    assert needs(life, *theirs) == ("installed", [])


def test_while_serving_one_of_many_failures_is_told_and_the_save_is_in_force_at_once(
    life: Connector,
) -> None:
    revoke(life, "optimizely_token")
    with life.serve():
        for _ in range(3):
            life.ok("jobs", "trigger", APP, "sync", "--parameters", STAGES)
        life.wait_for(
            lambda _: [r["status"] for r in life.runs()].count("ERROR") == 3, why="three failures"
        )
        assert needs(life) == ("needs_attention", ["optimizely"])
        assert len(told(life)) == 1
        renew(life, "optimizely", "access_token", NEW_TOKEN)
        life.ok("jobs", "trigger", APP, "sync", "--parameters", STAGES)
        life.wait_for(lambda run: run["status"] == "COMPLETE", why="the run after the renewal")
        assert needs(life) == ("installed", [])
    (entry, *_) = life.ok("notifications", "--json").json
    assert (entry["level"], entry["activity"]) == ("success", "Connection")
