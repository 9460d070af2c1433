"""Chosen environments become connections, or errors at the field."""

from __future__ import annotations

import pytest

from mooring.sdk import errors, storage
from scripts.local_services import sdk_key
from src.clients.stored_settings import load_settings
from src.core.settings import Connection
from tests.app.lifecycle.conftest import Connector

SHOP, MOBILE, LEGACY = "20000000001", "20000000002", "20000000003"
SIGNATURE = "optimizely_webhook_signature"


def test_chosen_environments_become_connections(connector: Connector) -> None:
    connector.connect_optimizely()
    said = connector.choose(f"{SHOP}:production", f"{MOBILE}:production", f"{LEGACY}:production")
    assert said["errors"] == {}
    connections = load_settings().connections
    assert [each.project_name for each in connections] == [
        "Shop backend",
        "Mobile API",
        "Legacy full stack",
    ]
    assert connections[0] == Connection(
        SHOP, "Shop backend", "production", sdk_key(connector.sandbox, SHOP, "production")
    )


def test_an_sdk_key_alone_finds_its_environment_and_is_shown_as_a_choice(
    connector: Connector,
) -> None:
    connector.connect_optimizely()
    key = sdk_key(connector.sandbox, SHOP, "staging")
    assert connector.choose(f"{SHOP}::{key}")["errors"] == {}
    assert [each.environment for each in load_settings().connections] == ["staging"]
    assert storage.settings.get("projects")["environments"] == [f"{SHOP}:staging"]


def test_the_same_environment_twice_is_one_connection(connector: Connector) -> None:
    connector.connect_optimizely()
    key = sdk_key(connector.sandbox, SHOP, "production")
    connector.choose(f"{SHOP}:production", f"{SHOP}::{key}")
    assert len(load_settings().connections) == 1


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (f"{SHOP}::canary-key", "Project 20000000001 (Shop backend): sdk_key"),
        (f"{SHOP}:prodction", "Did you mean production?"),
        ("12345678:production", "Project 12345678 is not among the projects"),
        ("20000000005:production", "is not among the projects that this token may read"),
        ("20000000004:production", "is not among the projects"),
        ("production", "project:environment"),
    ],
)
def test_a_wrong_choice_is_an_error_at_the_field_and_nothing_is_kept(
    connector: Connector, choice: str, said: str
) -> None:
    connector.connect_optimizely()
    before = storage.settings.get("projects")
    errors = connector.choose(f"{MOBILE}:production", choice)["errors"]
    assert said in errors["projects.environments"][0]
    assert "canary-key" not in f"{errors}"
    assert storage.settings.get("projects") == before
    assert connector.webhooks(int(MOBILE)) == []


def test_without_a_token_the_form_leads_to_the_section_that_comes_first(
    connector: Connector,
) -> None:
    said = connector.choose(f"{SHOP}:production")
    assert said["toasts"][0]["intent"] == "danger"
    assert said["redirect"] == "optimizely"


def test_a_revoked_token_is_left_to_the_host_with_the_section_that_renews_it(
    connector: Connector,
) -> None:
    connector.connect_optimizely()
    token = connector.sandbox.credentials["optimizely_token"]
    connector.sandbox.change(token=token, revoke=True)
    with pytest.raises(
        errors.CredentialsRejected, match="Make a new personal access token"
    ) as caught:
        connector.choose(f"{SHOP}:production")
    assert caught.value.section == "optimizely"
    assert load_settings().connections == ()
    assert token not in f"{caught.value}{connector.everything_said}"


def test_mixing_environments_of_a_project_is_warned_of(connector: Connector) -> None:
    connector.connect_optimizely()
    said = connector.choose(f"{SHOP}:production", f"{SHOP}:staging")
    assert any(
        toast["intent"] == "warning" and "several environments" in toast["message"]
        for toast in said["toasts"]
    )


def test_the_webhooks_secret_goes_to_where_the_host_looks_for_it(connector: Connector) -> None:
    connector.connect_optimizely()
    connector.choose(f"{SHOP}:production", webhook_secret="hush")
    assert storage.secrets.get(SIGNATURE) == {"values": ["hush"]}
    connector.choose(f"{SHOP}:production", webhook_secret=" of-shop\tof-mobile ")
    assert storage.secrets.get(SIGNATURE) == {"values": ["of-shop", "of-mobile"]}
    connector.choose(f"{SHOP}:production", webhook_secret="")
    assert storage.secrets.get(SIGNATURE) == {}


def test_a_secret_that_was_set_by_command_stays(connector: Connector) -> None:
    storage.secrets.put(SIGNATURE, {"value": "by-command"})
    connector.connect_optimizely()
    connector.choose(f"{SHOP}:production")
    assert storage.secrets.get(SIGNATURE) == {"value": "by-command"}
