"""Credentials are tried out before they are kept."""

from __future__ import annotations

import pytest

from mooring.sdk import errors, storage
from tests.app.lifecycle.conftest import Connector


def test_a_right_token_is_kept_and_says_what_it_opens(connector: Connector) -> None:
    said = connector.connect_optimizely()
    assert said["errors"] == {}
    assert "Shop backend" in said["toasts"][0]["message"]
    kept = storage.settings.get("optimizely")
    assert kept["access_token"] == connector.sandbox.credentials["optimizely_token"]
    assert "Legacy full stack" in kept["connected"]
    assert "Old project" not in kept["connected"]


def test_a_wrong_token_is_not_kept_and_says_how_to_make_a_new_one(connector: Connector) -> None:
    said = connector.submit("optimizely", access_token="canary-9c1f")
    assert (
        "app.optimizely.com/v2/accountsettings/tokens"
        in said["errors"]["optimizely.access_token"][0]
    )
    assert storage.settings.get("optimizely") == {}
    assert "canary-9c1f" not in f"{said}{connector.everything_said}"


def test_a_first_entry_that_is_wrong_is_not_said_to_be_accepted_no_longer(
    connector: Connector,
) -> None:
    said = connector.submit("optimizely", access_token="canary-9c1f")
    assert said["errors"]["optimizely.access_token"][0].startswith(
        "Optimizely does not accept this token"
    )


def test_kept_credentials_that_are_refused_when_saved_again_are_left_to_the_host(
    connector: Connector,
) -> None:
    connector.connect_optimizely()
    connector.connect_brevo()
    token, key = (
        connector.sandbox.credentials[name] for name in ("optimizely_token", "brevo_api_key")
    )
    connector.sandbox.change(token=token, revoke=True)
    connector.sandbox.change(token=key, revoke=True)
    with pytest.raises(errors.CredentialsRejected, match="no longer accepts") as caught:
        connector.connect_optimizely()
    assert caught.value.section == "optimizely"
    with pytest.raises(errors.CredentialsRejected) as caught:
        connector.connect_brevo()
    assert caught.value.section == "brevo"


def test_a_wrong_token_leaves_the_right_one_in_force(connector: Connector) -> None:
    connector.connect_optimizely()
    before = storage.settings.get("optimizely")
    assert connector.submit("optimizely", access_token="canary-9c1f")["errors"]
    assert storage.settings.get("optimizely") == before


@pytest.mark.parametrize("token", ["", "  ", "canary-ü", "canary\nx"])
def test_what_is_no_token_is_never_sent(connector: Connector, token: str) -> None:
    said = connector.submit("optimizely", access_token=token)
    assert "copy it again" in said["errors"]["optimizely.access_token"][0]
    assert "canary" not in f"{said}{connector.everything_said}"


def test_a_right_brevo_key_is_kept_and_says_whose_account_it_is(connector: Connector) -> None:
    said = connector.connect_brevo()
    assert said["errors"] == {}
    assert "Sandbox Shop" in said["toasts"][0]["message"]
    kept = storage.settings.get("brevo")
    assert kept["api_key"] == connector.sandbox.credentials["brevo_api_key"]


def test_a_wrong_brevo_key_is_not_kept_and_says_what_helps(connector: Connector) -> None:
    said = connector.submit("brevo", api_key="canary-9c1f")
    assert "API key" in said["errors"]["brevo.api_key"][0]
    assert storage.settings.get("brevo") == {}
    assert "canary-9c1f" not in f"{said}{connector.everything_said}"


def test_a_tajo_key_is_kept_beside_it(connector: Connector) -> None:
    key = connector.sandbox.credentials["brevo_api_key"]
    connector.submit("brevo", api_key=f" {key} ", tajo_api_key="tajo-key")
    kept = storage.settings.get("brevo")
    assert (kept["api_key"], kept["tajo_api_key"]) == (key, "tajo-key")
