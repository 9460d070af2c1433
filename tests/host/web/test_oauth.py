"""Who comes back from a provider: once, in time, to the app that sent them; and what they read."""

from __future__ import annotations

import asyncio
import html
import re
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mooring.hosting.host import Host
from mooring.model.installation import InstallationState
from mooring.web.oauth import LONGEST_QUERY, MOST_AT_ONCE, Callback
from tests.host.web.conftest import Site
from tests.host.web.connecting import (
    CODE,
    GOOD,
    Connecting,
    app,
    come_back,
    grants,
    heading,
    log_of,
    press,
    shop,
    state_of,
)

__all__ = ["app", "shop"]


# -- on the way there ---------------------------------------------------------------------------


def test_the_button_leads_to_the_provider_with_state_and_challenge(
    shop: Callable[..., Site],
) -> None:
    site = shop()
    outcome = press(site)
    assert outcome.ok
    assert outcome.redirect_mode == "url"
    url = httpx.URL(str(outcome.redirect))
    assert (url.host, url.path) == ("provider.example", "/authorize")
    assert dict(url.params) == {
        "x": "1",
        "response_type": "code",
        "client_id": "me",
        "scope": "read write",
        "redirect_uri": f"{site.host.public_url()}/oauth/shop/callback",
        "state": url.params["state"],
        "code_challenge": url.params["code_challenge"],
        "code_challenge_method": "S256",
        "prompt": "consent",
    }
    assert len(url.params["code_challenge"]) == 43


def test_two_presses_share_nothing(shop: Callable[..., Site]) -> None:
    site = shop()
    first, second = (httpx.URL(str(press(site).redirect)).params for _ in range(2))
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_the_app_may_refuse_to_send_anybody(shop: Callable[..., Site]) -> None:
    outcome = press(shop(), "nowhere")
    assert not outcome.ok
    assert outcome.errors == {"account.name": ["No such shop."]}


@pytest.mark.parametrize("name", ["script", "unreadable"])
def test_a_redirect_to_what_is_no_page_is_refused(shop: Callable[..., Site], name: str) -> None:
    outcome = press(shop(), name)
    assert not outcome.ok
    assert outcome.redirect is None


def test_a_section_without_the_button_says_so(shop: Callable[..., Site]) -> None:
    site = shop()
    with pytest.raises(Exception, match="no button that connects"):
        site.host.settings.of(site.installation).authorize("other", {})


@pytest.mark.parametrize("own", ["", "the app's own"])
def test_an_app_that_writes_the_address_by_itself_gets_a_state_and_its_own_back(
    shop: Callable[..., Site], own: str
) -> None:
    site = shop()
    outcome = press(site, f"by hand{own}")
    state = state_of(outcome)
    assert state != own
    assert httpx.URL(str(outcome.redirect)).params.get_list("state") == [state]
    assert come_back(site, state=state, code=CODE).status_code == 200
    assert ("the app's own" in log_of(site)) is bool(own)
    assert come_back(site, state=state, code=CODE).status_code == 410


# -- and back ------------------------------------------------------------------------------------


def test_whoever_comes_back_with_a_code_is_connected_and_reads_so(
    shop: Callable[..., Site],
) -> None:
    site = shop()
    page = come_back(site, state=state_of(press(site)), code=CODE)
    assert page.status_code == 200
    assert heading(page) == "The <Shop> & Co is connected"
    assert "Hello &lt;you&gt;." in page.text
    assert grants(site) == 1


def test_a_state_counts_once(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    come_back(site, state=state, code=CODE)
    again = come_back(site, state=state, code=CODE)
    assert again.status_code == 410
    assert heading(again) == "This step was already done"
    assert grants(site) == 1


def test_of_two_callbacks_at_once_one_counts(shop: Callable[..., Site]) -> None:
    site = shop("import time\ntime.sleep(0.2)\n" + GOOD)
    params = {"state": state_of(press(site)), "code": CODE}

    async def both() -> list[httpx.Response]:
        path = "/oauth/shop/callback"
        return list(
            await asyncio.gather(
                site.ask("GET", path, params=params), site.ask("GET", path, params=params)
            )
        )

    assert sorted(page.status_code for page in asyncio.run(both())) == [200, 410]
    assert grants(site) == 1


def forged(state: str, part: str) -> str:
    """Change one character of a part of a state."""
    state_id, _, signature = state.partition(".")
    flip = {"id": (state_id[:-1] + ("A" if state_id[-1] != "A" else "B"), signature)}
    flip["signature"] = (state_id, ("A" if signature[0] != "A" else "B") + signature[1:])
    flip["none"] = (state_id, "")
    return ".".join(flip[part])


@pytest.mark.parametrize("part", ["id", "signature", "none"])
def test_a_forged_state_is_unknown_and_uses_nothing_up(
    shop: Callable[..., Site], part: str
) -> None:
    site = shop()
    state = state_of(press(site))
    page = come_back(site, state=forged(state, part), code=CODE)
    assert page.status_code == 400
    assert heading(page) == "This is not a connection that was begun here"
    assert grants(site) == 0
    assert come_back(site, state=state, code=CODE).status_code == 200


@pytest.mark.parametrize(
    "state", ["", ".", "a.b", "x" * 3000, "\x00.\x00", "é.é", "a.b.c", "'; --", "%00", "\r\nx: y"]
)
def test_an_invented_state_is_unknown(shop: Callable[..., Site], state: str) -> None:
    site = shop()
    page = come_back(site, state=state, code=CODE)
    assert page.status_code == 400
    assert grants(site) == 0


def test_a_repeated_state_says_nothing(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    page = come_back(site, state=[state, state], code=CODE)
    assert page.status_code == 400


def test_a_state_of_one_app_does_not_open_another(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    assert come_back(site, "another", state=state, code=CODE).status_code == 400
    assert come_back(site, state=state, code=CODE).status_code == 200


def test_a_state_comes_back_to_the_installation_that_it_was_begun_for(
    shop: Callable[..., Site], open_host: Callable[..., Host], app: Connecting
) -> None:
    site = shop()
    with open_host(account="other") as other_host:
        other = other_host.lifecycle.install(app.root)
        outcome = other_host.settings.of(other).authorize("account", {"name": "Bo"})
        assert come_back(site, state=state_of(outcome), code=CODE).status_code == 200
        assert grants(site) == 0
        invocation = other_host.invocation(other, entry_point="test")
        assert invocation.services.kv_store.get("grants") == {"count": 1}


def test_moving_a_state_to_another_installation_breaks_it(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    from sqlalchemy import text

    with site.host.database.write() as connection:
        connection.execute(text("UPDATE authorizations SET install_id = install_id + 1"))
    assert come_back(site, state=state, code=CODE).status_code == 400


def test_an_expired_state_says_that_too_much_time_has_passed(
    shop: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = shop()
    state = state_of(press(site))
    from sqlalchemy import text

    with site.host.database.write() as connection:
        connection.execute(text("UPDATE authorizations SET expires_at = created_at"))
    page = come_back(site, state=state, code=CODE)
    assert page.status_code == 410
    assert heading(page) == "Too much time has passed"
    assert grants(site) == 0


def test_consent_that_was_declined_is_no_fault(shop: Callable[..., Site]) -> None:
    site = shop()
    page = come_back(
        site, state=state_of(press(site)), error="access_denied", error_description="<b>no</b>"
    )
    assert page.status_code == 200
    assert heading(page) == "Access was not granted"
    assert "<b>no</b>" not in page.text
    assert html.escape("Your <shop>") in page.text
    assert grants(site) == 0


@pytest.mark.parametrize("params", [{"error": "server_error"}, {"error": "<script>"}, {}])
def test_a_provider_that_answers_nothing_useful_is_told_so(
    shop: Callable[..., Site], params: dict[str, str]
) -> None:
    site = shop()
    page = come_back(site, state=state_of(press(site)), **params)
    assert page.status_code == 400
    assert heading(page) == "The other service could not answer"
    assert "<script>" not in page.text
    assert grants(site) == 0


def test_what_the_app_has_against_it_is_said_with_the_next_step(
    shop: Callable[..., Site],
) -> None:
    site = shop('return AuthorizationGrantResult().add_error("name", "This shop is <closed>.")')
    page = come_back(site, state=state_of(press(site)), code=CODE)
    assert page.status_code == 400
    assert heading(page) == "The <Shop> & Co is not connected yet"
    assert "This shop is &lt;closed&gt;." in page.text
    assert html.escape("in the section Your <shop>") in page.text


@pytest.mark.parametrize(
    "grant",
    ['raise RuntimeError("internal " + request.params["code"])', "return None", "1 / 0"],
)
def test_an_app_that_fails_shows_no_insides(shop: Callable[..., Site], grant: str) -> None:
    site = shop(grant)
    page = come_back(site, state=state_of(press(site)), code=CODE)
    assert page.status_code == 400
    assert "The app could not finish connecting" in page.text
    assert not re.search("Traceback|internal|RuntimeError|ZeroDivision|NoneType", page.text)


def test_an_error_of_the_other_service_is_said_without_secrets(
    shop: Callable[..., Site],
) -> None:
    site = shop('raise errors.ServiceUnavailable("No answer for " + request.params["code"])')
    page = come_back(site, state=state_of(press(site)), code=CODE)
    assert "No answer for •••" in page.text


def test_an_app_that_was_taken_out_meanwhile_takes_nobody_in(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    site.host.installations.set_state(site.installation.install_id, InstallationState.UNINSTALLING)
    assert come_back(site, state=state, code=CODE).status_code == 400
    assert grants(site) == 0


def test_an_app_that_takes_too_long_holds_nobody_up(
    shop: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mooring.web.oauth.SECONDS", 0.05)
    site = shop("import time\ntime.sleep(0.4)\n" + GOOD)
    callback: Callback = site.server._callback
    monkeypatch.setattr(callback, "_seconds", 0.05)
    page = come_back(site, state=state_of(press(site)), code=CODE)
    assert page.status_code == 504
    assert heading(page) == "This takes longer than it should"


def test_apps_that_hang_leave_the_desk_to_others(
    shop: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = shop()
    held = threading.Event()
    monkeypatch.setattr(site.host.oauth, "knows", lambda *given: True)
    monkeypatch.setattr(site.host.oauth, "receive", lambda *given: held.wait(5))
    monkeypatch.setattr(site.server._callback, "_seconds", 0.02)
    for _ in range(MOST_AT_ONCE):
        assert come_back(site, state="x").status_code == 504
    busy = come_back(site, state="x")
    monkeypatch.setattr(site.host.oauth, "knows", lambda *given: False)
    stranger = come_back(site, state="x")
    held.set()
    assert stranger.status_code == 400
    assert busy.status_code == 503
    assert busy.headers["retry-after"] == "5"


def test_a_fault_of_the_host_is_a_page_too(
    shop: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = shop()

    def fail(*given: Any) -> None:
        raise OSError("disk canary")

    monkeypatch.setattr(site.host.oauth, "receive", fail)
    page = come_back(site, state=state_of(press(site)), code=CODE)
    assert page.status_code == 500
    assert "canary" not in page.text
    assert "disk canary" in log_of(site)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_nothing_but_get_is_answered(shop: Callable[..., Site], method: str) -> None:
    site = shop()
    state = state_of(press(site))
    answer = asyncio.run(site.ask(method, "/oauth/shop/callback", params={"state": state}))
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_an_endless_query_is_not_read(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    page = come_back(site, state=state, code="c" * LONGEST_QUERY)
    assert page.status_code == 400
    assert grants(site) == 0


@pytest.mark.parametrize(
    "path", ["/oauth/callback", "/oauth/a/b/callback", "/oauth/shop/", "/oauth//callback"]
)
def test_other_addresses_are_not_callbacks(shop: Callable[..., Site], path: str) -> None:
    assert asyncio.run(shop().ask("GET", path)).status_code == 404
