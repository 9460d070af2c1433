"""Authorizing and renewing as an app does it, with a provider that the test plays."""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mooring.errors import (
    ConfigurationInvalid,
    CredentialsRejected,
    LoopBlocked,
    NotFound,
    RecordInvalid,
    RequestInvalid,
    RequestRefused,
    ServiceError,
    ServiceUnavailable,
)
from mooring.sdk import oauth, storage
from mooring.sdk.webhook import Request
from mooring.testing.memory import MemoryApp

AUTHORIZE = "https://provider.example/authorize"
TOKEN = "https://provider.example/token"
CLIENT = oauth.Client(TOKEN, "me", "client-secret")
LATER = {"access_token": "second", "expires_in": 3600}


@pytest.fixture
def app(memory_app: MemoryApp) -> MemoryApp:
    return memory_app


def begin(**more: Any) -> dict[str, str]:
    """Begin an authorization and return what the provider is sent."""
    given = {"client_id": "me", "section": "account", **more}
    url = oauth.authorization_url(AUTHORIZE, **given)
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def redeem(request: Request) -> oauth.Tokens:
    return oauth.redeem(request, token_url=TOKEN, client_id="me", client_secret="client-secret")


def connect(app: MemoryApp, **answer: Any) -> None:
    """Keep tokens as a provider gives them."""
    begin()
    given = {"access_token": "first", "refresh_token": "renews", "expires_in": 3600, **answer}
    app.http.answer("POST", TOKEN, json=given)
    oauth.keep("shop", redeem(app.oauth.callback()))
    app.http._answers.clear()
    app.http.requests.clear()


def forms(app: MemoryApp) -> list[dict[str, str]]:
    """Return what the token endpoint was sent."""
    sent = (parse_qs(request.body.decode()) for request in app.http.requests)
    return [{name: values[0] for name, values in form.items()} for form in sent]


# -- authorization_url ---------------------------------------------------------------------------


def test_the_address_has_all_that_the_standard_wants(app: MemoryApp) -> None:
    asked = begin(scope="read", extra={"prompt": "consent"})
    assert asked == {
        "response_type": "code",
        "client_id": "me",
        "scope": "read",
        "prompt": "consent",
        "redirect_uri": app.functions.get_authorization_grant_url(),
        "state": app.oauth.begun[0].state,
        "code_challenge_method": "S256",
        "code_challenge": app.oauth.begun[0].code_challenge,
    }


@pytest.mark.parametrize("name", ["state", "redirect_uri", "code_challenge", "client_id"])
def test_what_the_host_sets_cannot_be_overruled(app: MemoryApp, name: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=name):
        begin(extra={name: "mine"})
    with pytest.raises(ConfigurationInvalid, match=name):
        oauth.authorization_url(f"{AUTHORIZE}?{name}=x", client_id="me", section="account")
    assert app.oauth.begun == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://provider.example/",
        "javascript:alert(1)",
        "provider.example",
        "//provider.example",
        "https://",
        "http://[",
    ],
)
def test_a_consent_page_is_https_or_on_this_machine(app: MemoryApp, endpoint: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="https"):
        oauth.authorization_url(endpoint, client_id="me", section="account")
    assert oauth.authorization_url("http://127.0.0.1:9/a", client_id="me", section="account")


def test_a_section_that_the_form_does_not_have_is_refused(app: MemoryApp) -> None:
    app.oauth._has_section = lambda section: section == "account"
    with pytest.raises(NotFound, match="no section other"):
        begin(section="other")


# -- redeem --------------------------------------------------------------------------------------


def test_a_code_is_redeemed_with_the_verifier_of_its_challenge(app: MemoryApp) -> None:
    asked = begin()
    app.http.answer("POST", TOKEN, json={"access_token": "first", "refresh_token": "renews"})
    tokens = redeem(app.oauth.callback(code="the-code"))
    (sent,) = forms(app)
    digest = sha256(sent.pop("code_verifier").encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert sent == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "client_id": "me",
        "redirect_uri": asked["redirect_uri"],
        "client_secret": "client-secret",
    }
    assert (tokens.access_token, tokens.refresh_token) == ("first", "renews")
    assert (tokens.section, tokens.expires_at) == ("account", None)


def test_the_secret_can_go_as_basic_authentication(app: MemoryApp) -> None:
    begin()
    app.http.answer("POST", TOKEN, json={"access_token": "first"})
    oauth.redeem(
        app.oauth.callback(), token_url=TOKEN, client_id="me", client_secret="a:b", basic=True
    )
    assert app.http.requests[0].headers["authorization"] == "Basic bWU6YSUzQWI="
    assert "client_secret" not in forms(app)[0]


@pytest.mark.parametrize("params", [{}, {"state": "made.up", "code": "x"}, {"code": "x"}])
def test_a_request_that_nobody_began_is_not_redeemed(
    app: MemoryApp, params: dict[str, str]
) -> None:
    begin()
    with pytest.raises(RequestInvalid, match="does not come from an authorization"):
        redeem(Request("GET", params=params))
    assert app.http.requests == []


def test_a_state_that_has_not_come_back_yet_is_not_redeemed(app: MemoryApp) -> None:
    state = begin()["state"]
    with pytest.raises(RequestInvalid):
        redeem(Request("GET", params={"state": state, "code": "x"}))


def test_a_request_is_not_redeemed_long_after(app: MemoryApp) -> None:
    begin()
    request = app.oauth.callback()
    app.clock.advance(600)
    with pytest.raises(RequestInvalid):
        redeem(request)


def test_a_code_that_is_refused_says_what_to_do(app: MemoryApp) -> None:
    begin()
    app.http.answer("POST", TOKEN, status=400, json={"error": "invalid_grant"})
    with pytest.raises(RequestRefused, match=r"invalid_grant\. Check client ID"):
        redeem(app.oauth.callback())


def test_a_refusal_with_status_200_is_one(app: MemoryApp) -> None:
    begin()
    app.http.answer("POST", TOKEN, json={"error": "bad_verification_code"})
    with pytest.raises(RequestRefused, match="bad_verification_code"):
        redeem(app.oauth.callback())


@pytest.mark.parametrize(
    "answer",
    [
        *({}, {"access_token": ""}, {"access_token": 7}, {"access_token": "a\nb"}, []),
        {"access_token": "a", "token_type": "mac"},
    ],
)
def test_an_answer_without_a_token_is_the_providers_fault(app: MemoryApp, answer: Any) -> None:
    begin()
    app.http.answer("POST", TOKEN, json=answer)
    with pytest.raises(ServiceError):
        redeem(app.oauth.callback())


@pytest.mark.parametrize("life", ["3600", 3600, 3600.0])
def test_a_life_is_read_in_each_of_its_spellings(app: MemoryApp, life: Any) -> None:
    connect(app, expires_in=life)
    tokens = oauth.kept("shop")
    assert tokens is not None
    assert tokens.expires_at == app.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("life", ["null", '"soon"', "[]", "{}", "Infinity", "1e999", "NaN"])
def test_a_life_that_is_none_leaves_it_to_the_provider(app: MemoryApp, life: str) -> None:
    begin()
    body = f'{{"access_token": "a", "expires_in": {life}}}'
    app.http.answer("POST", TOKEN, body=body.encode())
    assert redeem(app.oauth.callback()).expires_at is None


def test_secrets_are_concealed_before_anybody_can_write_them_down(app: MemoryApp) -> None:
    begin()
    answer = {"access_token": "first", "refresh_token": "renews", "id_token": "who"}
    app.http.answer("POST", TOKEN, json=answer)
    tokens = redeem(app.oauth.callback(code="the-code"))
    verifier = forms(app)[0]["code_verifier"]
    assert {"first", "renews", "who", "the-code", verifier} <= set(app.oauth.concealed)
    assert "first" not in repr(tokens)
    assert "renews" not in repr(tokens)
    assert "client-secret" not in repr(CLIENT)


# -- access_token --------------------------------------------------------------------------------


def test_a_token_that_is_good_for_a_while_is_not_renewed(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600 - 301)
    assert oauth.access_token("shop", refresh=CLIENT) == "first"
    assert app.http.requests == []


def test_a_token_is_renewed_before_it_expires_and_what_is_not_said_stays(app: MemoryApp) -> None:
    connect(app, scope="read")
    app.clock.advance(3600 - 299)
    app.http.answer("POST", TOKEN, json=LATER)
    assert oauth.access_token("shop", refresh=CLIENT) == "second"
    assert oauth.access_token("shop", refresh=CLIENT) == "second"
    assert forms(app) == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "renews",
            "client_id": "me",
            "client_secret": "client-secret",
        }
    ]
    tokens = oauth.kept("shop")
    assert tokens is not None
    assert (tokens.refresh_token, tokens.scope, tokens.section) == ("renews", "read", "account")


def test_a_new_refresh_token_takes_the_place_of_the_old(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, json={**LATER, "refresh_token": "renews-2"})
    oauth.access_token("shop", refresh=CLIENT)
    tokens = oauth.kept("shop")
    assert tokens is not None
    assert tokens.refresh_token == "renews-2"


def test_a_short_life_is_not_all_margin(app: MemoryApp) -> None:
    connect(app, expires_in=60)
    app.clock.advance(44)
    assert oauth.access_token("shop", refresh=CLIENT) == "first"
    app.clock.advance(2)
    app.http.answer("POST", TOKEN, json=LATER)
    assert oauth.access_token("shop", refresh=CLIENT) == "second"


def test_a_token_without_a_stated_life_is_good_until_it_is_rejected(app: MemoryApp) -> None:
    connect(app, expires_in=None)
    app.clock.advance(10**8)
    assert oauth.access_token("shop", refresh=CLIENT) == "first"
    app.http.answer("POST", TOKEN, json=LATER)
    assert oauth.access_token("shop", refresh=CLIENT, rejected="first") == "second"


def test_whoever_had_an_older_token_rejected_takes_the_present_one(app: MemoryApp) -> None:
    connect(app)
    assert oauth.access_token("shop", refresh=CLIENT, rejected="older") == "first"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_asks_for_a_new_authorization_and_is_asked_once(
    app: MemoryApp, status: int
) -> None:
    connect(app)
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, status=status, json={"error": "invalid_grant"})
    for _ in range(3):
        with pytest.raises(CredentialsRejected, match="has ended") as caught:
            oauth.access_token("shop", refresh=CLIENT)
        assert caught.value.section == "account"
        assert caught.value.hint == "Connect it again."
    assert len(app.http.requests) == 1


def test_our_own_words_for_an_access_that_ended_come_before_those_of_the_provider(
    app: MemoryApp,
) -> None:
    connect(app)
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, status=400, json={"error": "invalid_grant"})
    with pytest.raises(CredentialsRejected) as caught:
        oauth.access_token("shop", refresh=CLIENT)
    ours, _, theirs = caught.value.message.partition(" (")
    assert ours == "The access has ended: it was withdrawn, or has not been used for too long."
    assert theirs.endswith("/token says “invalid_grant”.)")


def test_a_wrong_client_can_be_put_right(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, status=401, json={"error": "invalid_client"})
    app.http.answer("POST", TOKEN, json=LATER)
    with pytest.raises(CredentialsRejected, match="client secret is not accepted") as caught:
        oauth.access_token("shop", refresh=CLIENT)
    assert "says “invalid_client”" in caught.value.message
    assert caught.value.hint == "Enter them anew, then connect it again."
    assert oauth.access_token("shop", refresh=CLIENT) == "second"


def test_connecting_again_ends_the_refusal(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, status=400, json={"error": "invalid_grant"})
    with pytest.raises(CredentialsRejected):
        oauth.access_token("shop", refresh=CLIENT)
    app.http._answers.clear()
    connect(app, access_token="anew")
    assert oauth.access_token("shop", refresh=CLIENT) == "anew"


@pytest.mark.parametrize("how", ["no client", "no refresh token"])
def test_what_cannot_be_renewed_asks_for_a_new_authorization(app: MemoryApp, how: str) -> None:
    connect(app, **({"refresh_token": ""} if how == "no refresh token" else {}))
    app.clock.advance(3600)
    with pytest.raises(CredentialsRejected, match="cannot be renewed"):
        oauth.access_token("shop", refresh=None if how == "no client" else CLIENT)


@pytest.mark.parametrize("code", ["temporarily_unavailable", "server_error"])
def test_what_passes_is_no_refusal(app: MemoryApp, code: str) -> None:
    connect(app)
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, status=400, json={"error": code})
    app.http.answer("POST", TOKEN, json=LATER)
    with pytest.raises(ServiceUnavailable):
        oauth.access_token("shop", refresh=CLIENT)
    assert oauth.access_token("shop", refresh=CLIENT) == "second"


def test_while_the_provider_fails_the_present_token_is_used_as_long_as_it_lives(
    app: MemoryApp,
) -> None:
    connect(app)
    app.http.answer("POST", TOKEN, status=500)
    app.clock.advance(3600 - 60)
    assert oauth.access_token("shop", refresh=CLIENT) == "first"
    app.clock.advance(55)
    with pytest.raises(ServiceUnavailable):
        oauth.access_token("shop", refresh=CLIENT)


def test_a_renewal_may_be_repeated_and_an_exchange_may_not(app: MemoryApp) -> None:
    begin()
    app.http.answer(
        "POST", TOKEN, json={"access_token": "a", "refresh_token": "r", "expires_in": 1}
    )
    oauth.keep("shop", redeem(app.oauth.callback()))
    app.clock.advance(1)
    oauth.access_token("shop", refresh=CLIENT)
    assert [request.idempotent for request in app.http.requests] == [False, True]


def test_somebody_who_is_renewing_is_waited_for(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600)
    held = app.oauth.acquire("oauth/shop", seconds=60)
    assert held is not None
    sleep = app.clock.sleep

    def other_finishes(seconds: float) -> None:
        sleep(seconds)
        if len(app.clock.slept) == 3:
            oauth.keep("shop", oauth.Tokens("of the other"))
            app.oauth.release("oauth/shop", held)

    object.__setattr__(app.clock, "sleep", other_finishes)
    assert oauth.access_token("shop", refresh=CLIENT) == "of the other"
    assert app.http.requests == []


def test_somebody_who_died_while_renewing_is_waited_for_a_minute(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600)
    assert app.oauth.acquire("oauth/shop", seconds=60)
    app.http.answer("POST", TOKEN, json=LATER)
    assert oauth.access_token("shop", refresh=CLIENT) == "second"
    assert 59 < sum(app.clock.slept) < 62


def test_when_it_was_connected_stays_known_while_tokens_are_renewed(app: MemoryApp) -> None:
    connect(app)
    connected_at = app.invocation.services.secrets.get("oauth/shop")["connected_at"]
    assert connected_at == app.clock.now().isoformat()
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, json=LATER)
    assert oauth.access_token("shop", refresh=CLIENT) == "second"
    kept = app.invocation.services.secrets.get("oauth/shop")
    assert (kept["access_token"], kept["connected_at"]) == ("second", connected_at)


def test_what_was_connected_meanwhile_is_not_overwritten(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600)

    def answer(request: Any) -> Any:
        oauth.keep("shop", oauth.Tokens("connected meanwhile"))
        return app_answer(request)

    app.http.answer("POST", TOKEN, json=LATER)
    (app_answer,) = app.http._answers.pop(("POST", TOKEN))
    app.http.answer_with("POST", TOKEN, answer)
    oauth.access_token("shop", refresh=CLIENT)
    assert oauth.access_token("shop", refresh=CLIENT) == "connected meanwhile"


def test_many_threads_that_ask_at_once_renew_once(app: MemoryApp) -> None:
    connect(app)
    app.clock.advance(3600)
    app.http.answer("POST", TOKEN, json=LATER)
    contexts = [copy_context() for _ in range(20)]
    with ThreadPoolExecutor(20) as threads:
        got = list(
            threads.map(
                lambda context: context.run(oauth.access_token, "shop", refresh=CLIENT), contexts
            )
        )
    assert set(got) == {"second"}
    assert len(app.http.requests) == 1


def test_nothing_is_kept_under_an_unknown_name_or_after_forgetting(app: MemoryApp) -> None:
    with pytest.raises(NotFound, match="No tokens are kept under shop"):
        oauth.access_token("shop")
    connect(app)
    oauth.forget("shop")
    assert oauth.kept("shop") is None
    with pytest.raises(NotFound):
        oauth.access_token("shop", refresh=CLIENT)


def test_tokens_are_in_the_secret_store_alone(app: MemoryApp) -> None:
    connect(app)
    assert storage.secrets.get("oauth/shop")["access_token"] == "first"
    assert storage.settings.get("oauth/shop") == {}
    assert storage.kv_store.get("oauth/shop") == {}


def test_a_name_is_one_that_every_secret_store_can_hold(app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid):
        oauth.keep("no such name!", oauth.Tokens("t"))


async def _all(app: MemoryApp) -> None:
    url = await oauth.aauthorization_url(AUTHORIZE, client_id="me", section="account")
    assert url.startswith(AUTHORIZE)
    app.http.answer("POST", TOKEN, json={"access_token": "first"})
    tokens = await oauth.aredeem(app.oauth.callback(), token_url=TOKEN, client_id="me")
    await oauth.akeep("shop", tokens)
    assert await oauth.akept("shop") == tokens
    assert await oauth.aaccess_token("shop") == "first"
    await oauth.aforget("shop")
    assert await oauth.akept("shop") is None


def test_every_call_has_its_twin(app: MemoryApp) -> None:
    asyncio.run(_all(app))


def test_plain_calls_on_the_event_loop_name_the_twin(app: MemoryApp) -> None:
    async def blocked() -> None:
        with pytest.raises(LoopBlocked, match=r"await oauth\.aaccess_token"):
            oauth.access_token("shop")
        with pytest.raises(LoopBlocked, match=r"await oauth\.aredeem"):
            redeem(Request("GET"))

    asyncio.run(blocked())
