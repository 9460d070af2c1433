"""Whom has the account let in by OAuth? Codes, tokens and what ends them. Knows no HTTP."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

from sandbox.account.clock import Clock
from sandbox.account.credentials import (
    OAUTH_CLIENT_ID,
    OAUTH_CLIENT_SECRET,
    OAUTH_REDIRECT_URI,
)

CODE_SECONDS = 600
TOKEN_SECONDS = 7200.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SCOPES = "all"

Consent = Literal["ask", "approve", "deny"]


class Declined(Exception):
    """A request that the token endpoint declines, by its code in RFC 6749."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


@dataclass(slots=True)
class Grant:
    """One consent; everything that was given out on the strength of it ends with it."""

    refresh_token: str
    former_tokens: set[str] = field(default_factory=set)
    revoked: bool = False


@dataclass(slots=True)
class Code:
    """What is exchanged for tokens, once."""

    redirect_uri: str
    challenge: str
    expires_at: float
    grant: Grant
    used: bool = False


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What the APIs accept until it expires."""

    grant: Grant
    expires_at: float


class OAuth:
    """The one registered client, and what it was granted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.consent: Consent = "ask"
        self.rotates = False
        self.lifetime = TOKEN_SECONDS
        self.refusal_status = 400
        self._codes: dict[str, Code] = {}
        self._access: dict[str, AccessToken] = {}
        self._grants: list[Grant] = []
        self._waiting: dict[str, dict[str, str]] = {}

    def is_registered(self, client_id: str, redirect_uri: str) -> bool:
        """Tell whether this client may be sent there; a loopback address matches on any port."""
        return client_id == OAUTH_CLIENT_ID and _place(redirect_uri) == _place(OAUTH_REDIRECT_URI)

    def wait_for_consent(self, asked: dict[str, str]) -> str:
        """Keep what was asked while somebody looks at the consent page; return its ticket."""
        ticket = secrets.token_urlsafe(16)
        self._waiting[ticket] = asked
        return ticket

    def take_up(self, ticket: str) -> dict[str, str] | None:
        """Return what was asked; a ticket is good once."""
        return self._waiting.pop(ticket, None)

    def grant(self, *, redirect_uri: str, challenge: str) -> str:
        """Note a consent and return its code."""
        code = secrets.token_urlsafe(24)
        grant = Grant(_new("refresh"))
        self._grants.append(grant)
        expires_at = self._clock.timestamp() + CODE_SECONDS
        self._codes[code] = Code(redirect_uri, challenge, expires_at, grant)
        return code

    def check_client(self, client_id: str, client_secret: str) -> None:
        """Raise Declined unless this is the registered client."""
        right = hmac.compare_digest(client_secret.encode(), OAUTH_CLIENT_SECRET.encode())
        if client_id != OAUTH_CLIENT_ID or not right:
            raise Declined("invalid_client", "client_id or client_secret is wrong", 401)

    def redeem(self, code: str, *, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """Exchange a code. Raises Declined."""
        found = self._codes.get(code)
        if found is None or found.expires_at <= self._clock.timestamp():
            raise Declined("invalid_grant", "the code is not known or has expired")
        if found.used:
            # Somebody else has seen it: what was given out for it ends.
            found.grant.revoked = True
            raise Declined("invalid_grant", "the code has been used")
        found.used = True
        if redirect_uri != found.redirect_uri:
            raise Declined("invalid_grant", "redirect_uri is not that of the authorization")
        if found.challenge != (_challenge(verifier) if verifier else ""):
            raise Declined("invalid_grant", "code_verifier does not fit the code_challenge")
        return self._tokens(found.grant, with_refresh_token=True)

    def refresh(self, token: str) -> dict[str, Any]:
        """Give a new access token. Raises Declined."""
        for grant in self._grants:
            if token in grant.former_tokens:
                # Rotated tokens are good once: a second use means that one was stolen.
                grant.revoked = True
            if token == grant.refresh_token and not grant.revoked:
                if self.rotates:
                    grant.former_tokens.add(token)
                    grant.refresh_token = _new("refresh")
                return self._tokens(grant, with_refresh_token=self.rotates)
        raise Declined(
            "invalid_grant", "the refresh token is not known or revoked", self.refusal_status
        )

    def standing(self, access_token: str) -> Literal["good", "ended", "unknown"]:
        """Say whether the APIs accept a token."""
        found = self._access.get(access_token)
        if found is None:
            return "unknown"
        ended = found.grant.revoked or found.expires_at <= self._clock.timestamp()
        return "ended" if ended else "good"

    def revoke(self, token: str) -> bool:
        """End the grant of an access or refresh token, or all with the word ``oauth``."""
        every = [grant for grant in self._grants if not grant.revoked]
        found = [
            grant
            for grant in every
            if token in ("oauth", grant.refresh_token)
            or (token in self._access and self._access[token].grant is grant)
        ]
        for grant in found:
            grant.revoked = True
        return bool(found)

    def _tokens(self, grant: Grant, *, with_refresh_token: bool) -> dict[str, Any]:
        token = _new("access")
        self._access[token] = AccessToken(grant, self._clock.timestamp() + self.lifetime)
        reply: dict[str, Any] = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": int(self.lifetime),
        }
        return reply | ({"refresh_token": grant.refresh_token} if with_refresh_token else {})


def _new(kind: str) -> str:
    return f"2:sandbox-{kind}-{secrets.token_urlsafe(24)}"


def _challenge(verifier: str) -> str:
    digest = sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _place(redirect_uri: str) -> tuple[str, ...]:
    """Return what has to match: of a loopback address, everything but the port."""
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or "@" in parts.netloc:
        return (redirect_uri,)
    return (parts.scheme, str(parts.hostname), parts.path, parts.query, parts.fragment)
