"""How is an access token renewed once, however many processes ask for it at the same time?

Whoever gets the lease asks the provider; the others wait and take what was kept. What the provider
refuses is noted, so that it is asked once: many withdraw everything when an old token turns up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, NoReturn

from mooring.errors import CredentialsRejected, NotFound, RateLimited, ServiceUnavailable
from mooring.sdk.context import Services
from mooring.sdk.oauth_tokens import Tokens, read_record
from mooring.sdk.ports import HttpResponse
from mooring.sdk.records import checked_secret_key
from mooring.sdk.token_endpoint import (
    TIMEOUT,
    Client,
    ask,
    error_of,
    is_refusal,
    reason,
    tokens_of,
)

LEASE_SECONDS = 2 * TIMEOUT
LOOK_EVERY = 0.05
OF_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
ENDED = "The access has ended: it was withdrawn, or has not been used for too long."
NOT_RENEWABLE = "The access has ended: it was for a limited time, and cannot be renewed."
CLIENT_REFUSED = "The access cannot be renewed: the client ID or the client secret is not accepted."


def key_of(name: str) -> str:
    """Return the key of the secret store under which tokens of this name are kept."""
    return checked_secret_key(f"oauth/{name}")


@dataclass(frozen=True, slots=True)
class Renewal:
    """One call for an access token."""

    name: str
    client: Client | None
    rejected: str = field(repr=False)
    services: Services = field(repr=False)

    def token(self) -> str:
        """Take what is kept, or what somebody else is renewing, or renew it."""
        clock, port = self.services.clock, self.services.oauth
        deadline = clock.now() + timedelta(seconds=2 * LEASE_SECONDS)
        while clock.now() < deadline:
            tokens = self._kept()
            if self._is_fresh(tokens):
                return tokens.access_token
            if held := port.acquire(key_of(self.name), seconds=LEASE_SECONDS):
                try:
                    return self._renewed()
                finally:
                    port.release(key_of(self.name), held)
            if self._is_good(tokens):
                return tokens.access_token
            clock.sleep(LOOK_EVERY)
        raise ServiceUnavailable(
            "Another process has been renewing the access token for minutes.",
            where=self.name,
            hint="Try again.",
        )

    def _renewed(self) -> str:
        """Ask the provider, unless somebody else did just before the lease was ours."""
        tokens = self._kept()
        if self._is_fresh(tokens):
            return tokens.access_token
        try:
            fresh = self._exchanged(tokens)
        except (ServiceUnavailable, RateLimited):
            if self._is_good(tokens):
                return tokens.access_token
            raise
        self._replace(tokens, fresh)
        return fresh.access_token

    def _exchanged(self, tokens: Tokens) -> Tokens:
        if self.client is None or not tokens.refresh_token:
            self._refuse(tokens, NOT_RENEWABLE)
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        # Repeated even when it is unclear whether it arrived: if it did, the answer that is lost
        # held the only token that is still good, and nothing is worse off.
        answer = ask(self.client, form, repeatable=True)
        if error_of(answer) in OF_THE_CLIENT:
            # The access itself may be good: it can be renewed once the client is put right.
            raise _rejected(tokens, CLIENT_REFUSED, answer)
        if is_refusal(answer):
            self._refuse(tokens, ENDED, answer)
        fresh = tokens_of(answer, self.services, section=tokens.section)
        return replace(
            fresh,
            refresh_token=fresh.refresh_token or tokens.refresh_token,
            scope=fresh.scope or tokens.scope,
        )

    def _refuse(self, tokens: Tokens, why: str, answer: HttpResponse | None = None) -> NoReturn:
        """Note that these tokens are of no use, so that nobody asks again, and say so."""
        self._replace(tokens, replace(tokens, refused=True))
        raise _rejected(tokens, why, answer)

    def _replace(self, former: Tokens, fresh: Tokens) -> None:
        """Keep what is new, unless somebody connected or disconnected meanwhile."""

        def change(record: dict[str, Any]) -> dict[str, Any]:
            present = read_record(record)
            return {**record, **fresh.to_record()} if present == former else record

        self.services.secrets.patch(key_of(self.name), change)

    def _kept(self) -> Tokens:
        tokens = read_record(self.services.secrets.get(key_of(self.name)))
        if tokens is None:
            raise NotFound(f"No tokens are kept under {self.name}.", hint="Connect it first.")
        if tokens.refused:
            raise _rejected(tokens, ENDED)
        return tokens

    def _is_fresh(self, tokens: Tokens) -> bool:
        accepted = tokens.access_token != self.rejected
        return accepted and tokens.is_fresh(self.services.clock.now())

    def _is_good(self, tokens: Tokens) -> bool:
        accepted = tokens.access_token != self.rejected
        return accepted and tokens.is_good(self.services.clock.now())


def _rejected(tokens: Tokens, why: str, answer: HttpResponse | None = None) -> CredentialsRejected:
    """Say in plain words what happened, and then what the provider said of it."""
    said = f" ({answer.place} says “{reason(answer)}”.)" if answer else ""
    of_client = why is CLIENT_REFUSED
    return CredentialsRejected(
        f"{why}{said}",
        hint="Enter them anew, then connect it again." if of_client else "Connect it again.",
        section=tokens.section,
        status=answer.status if answer else None,
    )
