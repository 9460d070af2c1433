"""Optimizely is connected with a token or by OAuth, one at a time, and disconnected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mooring.adapters.clock import SystemClock
from mooring.sdk import Request, errors, oauth, storage
from mooring.sdk.context import use
from mooring.testing.memory import MemoryFunctions
from mooring.testing.memory import memory_app as make_memory_app
from sandbox.running import Running
from scripts.local_services import SHOP, addresses
from src.clients.access import TOKENS, access_to
from src.clients.optimizely import Optimizely
from src.clients.stored_settings import load_settings
from src.lifecycle.lifecycle import Lifecycle
from tests.app.conftest import client_to
from tests.app.lifecycle.conftest import HOOK, Connector

CALLBACK = "http://127.0.0.1:8080/oauth/optimizely_connector/callback"


@pytest.fixture
def connector(sandbox: Running, tmp_path: Path) -> Iterator[Connector]:
    """Give an installed connector whose callback is registered in the sandbox."""
    app = make_memory_app(
        environment=addresses(sandbox),
        functions=MemoryFunctions(
            endpoints={"optimizely_webhook": HOOK}, authorization_grant_url=CALLBACK
        ),
    )
    sandbox.control("oauth", consent="approve")
    invocation = app.invocation
    with (
        client_to(sandbox, tmp_path, clock=SystemClock()) as client,
        use(replace(invocation, services=replace(invocation.services, http=client))),
    ):
        lifecycle = Lifecycle()
        assert lifecycle.on_install().success
        yield Connector(app, sandbox, lifecycle)


def press(connector: Connector, **form: str) -> dict[str, Any]:
    """Press the button with the registered client filled in."""
    credentials = connector.sandbox.credentials
    filled = {
        "client_id": credentials["oauth_client_id"],
        "client_secret": credentials["oauth_client_secret"],
        **form,
    }
    return connector.lifecycle.on_authorization_request("optimizely", filled).to_json("optimizely")


def come_back(connector: Connector, said: dict[str, Any]) -> dict[str, Any]:
    """Consent, and come back with what Optimizely sends."""
    sent = connector.sandbox.http.get(said["redirect"]).headers["location"]
    params = {name: values[0] for name, values in parse_qs(urlsplit(sent).query).items()}
    request: Request = connector.app.oauth.callback(**params)
    return connector.lifecycle.on_authorization_grant(request).to_json()


def authorize(connector: Connector) -> dict[str, Any]:
    """Connect by OAuth."""
    return come_back(connector, press(connector))


def test_the_button_leads_to_optimizely_with_all_that_it_wants(connector: Connector) -> None:
    said = press(connector)
    url = urlsplit(said["redirect"])
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert said["redirectMode"] == "url"
    assert f"{url.scheme}://{url.netloc}{url.path}" == (
        f"{connector.sandbox.info['optimizely_oauth']}/authorize"
    )
    assert asked["scopes"] == "all"
    assert asked["redirect_uri"] == CALLBACK
    assert asked["client_id"] == connector.sandbox.credentials["oauth_client_id"]


def test_an_access_that_is_allowed_opens_the_account(connector: Connector) -> None:
    said = authorize(connector)
    assert said["errors"] == {}
    assert "Shop backend" in said["toasts"][0]["message"]
    assert said["redirect"] == "optimizely"
    settings = load_settings()
    assert settings.authorized
    assert settings.opens_optimizely
    assert settings.access_token == ""
    assert len(Optimizely(access_to(settings)).projects()) == 4


def test_the_access_takes_the_place_of_a_token_and_a_token_that_of_an_access(
    connector: Connector,
) -> None:
    connector.connect_optimizely()
    authorize(connector)
    assert storage.settings.get("optimizely")["access_token"] == ""
    connector.connect_optimizely()
    assert not load_settings().authorized
    assert oauth.kept(TOKENS) is None


def test_a_declined_code_keeps_what_was_there(connector: Connector) -> None:
    connector.connect_optimizely()
    before = load_settings().access_token
    said = press(connector, client_secret="canary-wrong")
    answer = come_back(connector, said)
    assert "invalid_client" in answer["errors"]["optimizely.client_secret"][0]
    assert load_settings().access_token == before
    assert "canary-wrong" not in f"{answer}{connector.everything_said}"


def test_what_is_registered_is_kept_before_the_journey_begins(connector: Connector) -> None:
    credentials = connector.sandbox.credentials
    said = connector.submit(
        "optimizely",
        client_id=credentials["oauth_client_id"],
        client_secret=credentials["oauth_client_secret"],
        access_token="",
    )
    assert "Now press Connect with Optimizely" in said["toasts"][0]["message"]
    kept = storage.settings.get("optimizely")
    assert kept["redirect_uri"] == CALLBACK
    assert "optimizely" in load_settings().missing()


def test_saving_again_tries_the_access_out(connector: Connector) -> None:
    authorize(connector)
    kept = load_settings()
    form = {"client_id": kept.client_id, "client_secret": kept.client_secret}
    said = connector.submit("optimizely", **form)
    assert "Connected to Optimizely: " in said["toasts"][0]["message"]
    connector.sandbox.change(token="oauth", revoke=True)
    with pytest.raises(errors.CredentialsRejected, match="has ended") as caught:
        connector.submit("optimizely", **form)
    assert caught.value.section == "optimizely"


def test_another_client_cannot_use_the_access_of_the_former(connector: Connector) -> None:
    authorize(connector)
    connector.submit("optimizely", client_id="another", client_secret="secret", access_token="")
    assert oauth.kept(TOKENS) is None
    assert not load_settings().opens_optimizely


def test_pressing_without_a_client_says_what_is_missing(connector: Connector) -> None:
    said = press(connector, client_id="", client_secret="")
    assert said["errors"]["optimizely.client_id"] == ["Enter client ID and client secret first."]
    assert connector.app.oauth.begun == []


@pytest.mark.parametrize("way", ["token", "access"])
def test_disconnecting_forgets_token_and_access(connector: Connector, way: str) -> None:
    connector.connect_optimizely() if way == "token" else authorize(connector)
    said = connector.submit("optimizely", "disconnect")
    assert "Disconnected" in said["toasts"][0]["message"]
    assert not load_settings().opens_optimizely
    assert oauth.kept(TOKENS) is None
    assert storage.settings.get("optimizely")["connected"] == ""


def test_optimizely_sends_nobody_to_an_address_without_https(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        connector.app.environment,
        "APP_ENV_OPTIMIZELY_OAUTH_URL",
        "https://app.optimizely.com/oauth2",
    )
    said = press(connector)
    assert "MOORING_PUBLIC_URL" in said["errors"]["optimizely.client_id"][0]


# -- using the access ----------------------------------------------------------------------------


def test_a_token_that_ended_before_its_time_is_renewed_once_and_the_call_repeated(
    connector: Connector,
) -> None:
    authorize(connector)
    connector.sandbox.advance(7200)
    optimizely = Optimizely(access_to(load_settings()))
    assert len(optimizely.projects()) == 4
    assert len(optimizely.environments(str(SHOP))) == 3
    entries = connector.sandbox.received(kind="oauth.token")
    assert [each["grant_type"] for each in entries] == ["authorization_code", "refresh_token"]


def test_a_provider_that_fails_for_a_moment_is_asked_again(connector: Connector) -> None:
    authorize(connector)
    connector.sandbox.advance(7200)
    connector.sandbox.control("faults", route="/oauth2/token", status=503, count=2)
    assert len(Optimizely(access_to(load_settings())).projects()) == 4


def test_a_provider_that_fails_while_connecting_keeps_what_was_there(
    connector: Connector,
) -> None:
    connector.connect_optimizely()
    said = press(connector)
    connector.sandbox.control("faults", route="/oauth2/token", status=500)
    with pytest.raises(errors.ServiceUnavailable, match="tried once"):
        come_back(connector, said)
    assert load_settings().access_token


def test_what_the_access_does_not_reach_is_not_renewed_for(connector: Connector) -> None:
    authorize(connector)
    with pytest.raises(errors.CredentialsRejected, match="does not reach project 20000000005"):
        Optimizely(access_to(load_settings())).project("20000000005")
    entries = connector.sandbox.received(kind="oauth.token")
    assert [each["grant_type"] for each in entries] == ["authorization_code"]


def test_webhooks_are_added_and_removed_with_the_access(connector: Connector) -> None:
    authorize(connector)
    connector.choose(f"{SHOP}:production")
    assert [hook["url"] for hook in connector.webhooks(SHOP)] == [HOOK]
    assert connector.lifecycle.on_uninstall().success
    assert connector.webhooks(SHOP) == []


def test_an_access_that_is_lost_here_is_to_be_allowed_again(connector: Connector) -> None:
    authorize(connector)
    oauth.forget(TOKENS)
    with pytest.raises(errors.CredentialsRejected, match="not kept here") as caught:
        Optimizely(access_to(load_settings())).projects()
    assert caught.value.section == "optimizely"


def test_diagnosis_speaks_of_the_access(connector: Connector) -> None:
    authorize(connector)
    said = connector.submit("diagnostics", "check")
    assert re.search("Optimizely: the access .* may read 4 projects", said["toasts"][0]["message"])


def test_no_token_is_in_the_log(connector: Connector) -> None:
    authorize(connector)
    tokens = oauth.kept(TOKENS)
    assert tokens is not None
    assert tokens.access_token not in connector.everything_said
    assert tokens.refresh_token not in connector.everything_said
