"""The OAuth server: strict where the standard is strict, and where the vendor's pages are."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.running import Running

VERIFIER = "a-verifier-of-exactly-forty-three-characters"
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://127.0.0.1:54321/oauth/optimizely_connector/callback"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@dataclass(frozen=True)
class Provider:
    """The OAuth server as a browser and as a client see it."""

    sandbox: Running

    def authorize(self, **query: str) -> httpx.Response:
        """Open the consent page."""
        asked = {
            "client_id": self.sandbox.credentials["oauth_client_id"],
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scopes": "all",
            "state": "a state",
            **query,
        }
        return self.sandbox.http.get(self._url("authorize"), params=asked)

    def code(self, **query: str) -> str:
        """Let the user consent at once, and return the code."""
        self.sandbox.control("oauth", consent="approve")
        return answer_in(self.authorize(**query))["code"]

    def token(self, **form: str) -> httpx.Response:
        """Ask for tokens as the registered client."""
        own = {
            "client_id": self.sandbox.credentials["oauth_client_id"],
            "client_secret": self.sandbox.credentials["oauth_client_secret"],
        }
        return self.sandbox.http.post(self._url("token"), data={**own, **form})

    def redeem(self, code: str, **form: str) -> httpx.Response:
        """Exchange a code."""
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(**{**given, **form})

    def tokens(self) -> dict[str, Any]:
        """Return the tokens of a new consent."""
        code = self.code(**PKCE)
        return dict(self.redeem(code, code_verifier=VERIFIER).raise_for_status().json())

    def refresh(self, token: str) -> httpx.Response:
        """Ask for another access token."""
        return self.token(grant_type="refresh_token", refresh_token=token)

    def me(self, token: str) -> int:
        """Return the status with which the API answers a token."""
        headers = {"authorization": f"Bearer {token}"}
        url = f"{self.sandbox.info['optimizely_api']}/me"
        return self.sandbox.http.get(url, headers=headers).status_code

    def _url(self, endpoint: str) -> str:
        return f"{self.sandbox.info['optimizely_oauth']}/{endpoint}"


def answer_in(response: httpx.Response) -> dict[str, str]:
    """Read what a redirect carries back to the client."""
    assert response.status_code == 302, response.text
    place = response.headers["location"]
    assert place.startswith(f"{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}


@pytest.fixture
def provider(sandbox: Running) -> Provider:
    return Provider(sandbox)


def test_whoever_allows_on_the_page_is_sent_back_with_a_code(provider: Provider) -> None:
    page = provider.authorize(**PKCE)
    assert page.status_code == 200
    ticket = re.findall(r'name="ticket" value="([^"]+)"', page.text)[0]
    form = {"ticket": ticket, "decision": "allow"}
    answer = provider.sandbox.http.post(provider._url("authorize"), data=form)
    sent = answer_in(answer)
    assert sent["state"] == "a state"
    assert provider.redeem(sent["code"], code_verifier=VERIFIER).status_code == 200
    again = provider.sandbox.http.post(provider._url("authorize"), data=form)
    assert again.status_code == 400


@pytest.mark.parametrize(("decision", "brings"), [("allow", "code"), ("deny", "error")])
def test_the_address_can_hold_the_decision(provider: Provider, decision: str, brings: str) -> None:
    assert brings in answer_in(provider.authorize(decision=decision))


def test_whoever_denies_is_sent_back_without(provider: Provider) -> None:
    provider.sandbox.control("oauth", consent="deny")
    assert answer_in(provider.authorize()) == {"error": "access_denied", "state": "a state"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/oauth/optimizely_connector/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/oauth/optimizely_connector/callback"},
        {"redirect_uri": "http://evil@127.0.0.1/oauth/optimizely_connector/callback"},
        {"redirect_uri": "http://127.0.0.1/oauth/another/callback"},
        {"redirect_uri": ""},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    provider: Provider, wrong: dict[str, str]
) -> None:
    answer = provider.authorize(**wrong)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scopes": "some"}, "invalid_scope"),
        ({**PKCE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_sent_back_with_its_error(
    provider: Provider, wrong: dict[str, str], error: str
) -> None:
    assert answer_in(provider.authorize(**wrong))["error"] == error


def test_a_code_gives_tokens_that_the_api_accepts_until_they_expire(provider: Provider) -> None:
    tokens = provider.tokens()
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 7200
    assert provider.me(tokens["access_token"]) == 200
    provider.sandbox.advance(7200)
    assert provider.me(tokens["access_token"]) == 403
    assert provider.me("2:sandbox-access-made-up") == 401


def test_a_code_is_good_once_and_takes_its_tokens_along(provider: Provider) -> None:
    code = provider.code(**PKCE)
    tokens = provider.redeem(code, code_verifier=VERIFIER).json()
    again = provider.redeem(code, code_verifier=VERIFIER)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert provider.me(tokens["access_token"]) == 403


def test_a_code_expires(provider: Provider) -> None:
    code = provider.code(**PKCE)
    provider.sandbox.advance(600)
    assert provider.redeem(code, code_verifier=VERIFIER).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("verifier", ["", "b" * 43])
def test_a_challenge_wants_its_verifier(provider: Provider, verifier: str) -> None:
    code = provider.code(**PKCE)
    form = {"code_verifier": verifier} if verifier else {}
    assert provider.redeem(code, **form).json()["error"] == "invalid_grant"


def test_a_verifier_without_a_challenge_was_tampered_with(provider: Provider) -> None:
    code = provider.code()
    assert provider.redeem(code, code_verifier=VERIFIER).json()["error"] == "invalid_grant"


def test_a_code_is_redeemed_with_the_same_redirect_address(provider: Provider) -> None:
    code = provider.code()
    other = CALLBACK.replace("54321", "54322")
    assert provider.redeem(code, redirect_uri=other).json()["error"] == "invalid_grant"


def test_the_client_is_checked_in_each_of_the_ways_it_may_come(provider: Provider) -> None:
    tokens = provider.tokens()
    secret = provider.sandbox.credentials["oauth_client_secret"]
    name = provider.sandbox.credentials["oauth_client_id"]
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    url, http = provider._url("token"), provider.sandbox.http
    assert http.post(url, data=form, auth=(name, secret)).status_code == 200
    query = {**form, "client_id": name, "client_secret": secret}
    assert http.post(url, params=query).status_code == 200
    wrong = http.post(url, data=form, auth=(name, "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


def test_a_refresh_token_stays_unless_it_rotates(provider: Provider) -> None:
    first = provider.tokens()
    renewed = provider.refresh(first["refresh_token"]).json()
    assert "refresh_token" not in renewed
    assert provider.me(renewed["access_token"]) == 200
    provider.sandbox.control("oauth", rotates=True)
    rotated = provider.refresh(first["refresh_token"]).json()
    assert provider.refresh(rotated["refresh_token"]).status_code == 200
    assert provider.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    # Its second use looked like a theft, which ends everything.
    assert provider.me(rotated["access_token"]) == 403


@pytest.mark.parametrize("which", ["access_token", "refresh_token", "all"])
@pytest.mark.parametrize("status", [400, 403])
def test_what_is_revoked_is_neither_accepted_nor_renewed(
    provider: Provider, which: str, status: int
) -> None:
    tokens = provider.tokens()
    provider.sandbox.control("oauth", refusal_status=status)
    provider.sandbox.change(token=tokens.get(which, "oauth"), revoke=True)
    assert provider.me(tokens["access_token"]) == 403
    refused = provider.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (status, "invalid_grant")


def test_what_is_asked_of_the_token_endpoint_is_recorded_without_secrets(
    provider: Provider,
) -> None:
    tokens = provider.tokens()
    provider.refresh(tokens["refresh_token"])
    provider.refresh("made up")
    entries = provider.sandbox.received(kind="oauth.token")
    assert [(each["grant_type"], each["outcome"]) for each in entries] == [
        ("authorization_code", "ok"),
        ("refresh_token", "ok"),
        ("refresh_token", "invalid_grant"),
    ]
    assert not any(secret in str(entries) for secret in tokens.values() if secret != 7200)


def test_an_unknown_grant_type_is_named(provider: Provider) -> None:
    assert provider.token(grant_type="password").json()["error"] == "unsupported_grant_type"


def test_a_repeated_parameter_is_malformed(provider: Provider) -> None:
    answer = provider.sandbox.http.post(
        provider._url("token"), content=b"grant_type=refresh_token&grant_type=refresh_token"
    )
    assert answer.json()["error"] == "invalid_request"


def test_a_life_can_be_made_short(provider: Provider) -> None:
    provider.sandbox.control("oauth", lifetime=30)
    tokens = provider.tokens()
    assert tokens["expires_in"] == 30
    provider.sandbox.advance(30)
    assert provider.me(tokens["access_token"]) == 403
