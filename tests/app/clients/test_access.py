"""How Optimizely is asked with a token, and with an access that OAuth renews."""

from __future__ import annotations

import pytest

from mooring.sdk import errors, oauth
from mooring.sdk.ports import HttpRequest, HttpResponse
from mooring.testing.memory import MemoryApp
from src.clients.access import TOKENS, Authorized, PersonalToken, access_to, client_of
from src.clients.flags import Flags
from src.clients.optimizely import Optimizely
from src.core.settings import Settings

API = "https://api.optimizely.com"
TOKEN_URL = "https://app.optimizely.com/oauth2/token"  # an address
BY_OAUTH = Settings(client_id="me", client_secret="s", authorized=True)


def accepts(app: MemoryApp, token: str, *urls: str, refusal: int = 403) -> None:
    """Let the API accept one token, and refuse every other."""

    def answer(request: HttpRequest) -> HttpResponse:
        good = request.headers["authorization"] == f"Bearer {token}"
        body = b"[]" if "/v2/" in request.url else b"{}"
        return HttpResponse(200 if good else refusal, {}, body, request.url)

    for url in (f"{API}/v2/projects", *urls):
        app.http.answer_with("GET", url, answer)


@pytest.fixture
def authorized(memory_app: MemoryApp) -> MemoryApp:
    """Give an installation whose access token is `old` and can be renewed to `new`."""
    oauth.keep(TOKENS, oauth.Tokens("old", refresh_token="renews", section="optimizely"))
    memory_app.http.answer("POST", TOKEN_URL, json={"access_token": "new"})
    return memory_app


def sent(app: MemoryApp) -> list[str]:
    return [f"{each.method} {each.url.partition('?')[0]}" for each in app.http.requests]


def test_settings_say_which_access_it_is(memory_app: MemoryApp) -> None:
    assert access_to(Settings(access_token="t")) == PersonalToken("t")
    assert access_to(BY_OAUTH) == Authorized(client_of("me", "s"))
    assert client_of("me", "s").token_url == TOKEN_URL


def test_a_personal_token_is_not_renewed(memory_app: MemoryApp) -> None:
    accepts(memory_app, "another", refusal=401)
    with pytest.raises(errors.CredentialsRejected, match="personal access token"):
        Optimizely("t").projects()
    assert len(sent(memory_app)) == 1


@pytest.mark.parametrize("refusal", [401, 403])
def test_a_token_that_has_ended_is_renewed_and_the_call_made_again(
    authorized: MemoryApp, refusal: int
) -> None:
    accepts(authorized, "new", refusal=refusal)
    assert Optimizely(access_to(BY_OAUTH)).projects() == []
    assert sent(authorized).count(f"POST {TOKEN_URL}") == 1


def test_flags_are_asked_in_the_same_way(authorized: MemoryApp) -> None:
    accepts(authorized, "new", f"{API}/flags/v1/projects/1/flags")
    assert Flags(access_to(BY_OAUTH)).flags("1") == []
    assert oauth.access_token(TOKENS) == "new"


def test_what_the_access_does_not_reach_says_so_without_being_renewed(
    authorized: MemoryApp,
) -> None:
    accepts(authorized, "old")
    authorized.http.answer("GET", f"{API}/v2/projects/5", status=403)
    with pytest.raises(errors.CredentialsRejected, match="does not reach project 5") as caught:
        Optimizely(access_to(BY_OAUTH)).project("5")
    assert caught.value.section == "optimizely"
    assert f"POST {TOKEN_URL}" not in sent(authorized)


def test_an_access_that_is_refused_even_when_renewed_has_ended(authorized: MemoryApp) -> None:
    accepts(authorized, "none of these", refusal=401)
    with pytest.raises(errors.CredentialsRejected, match="no longer accepts the access"):
        Optimizely(access_to(BY_OAUTH)).projects()
    assert sent(authorized).count(f"POST {TOKEN_URL}") == 1


def test_no_token_shows_in_what_is_printed(memory_app: MemoryApp) -> None:
    assert "canary" not in repr(PersonalToken("canary"))
    assert "canary" not in repr(Authorized(client_of("me", "canary")))
