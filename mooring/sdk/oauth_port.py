"""What does the SDK's ``oauth`` need from whoever runs the app? A protocol and its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AuthorizationStart:
    """With what somebody is sent to a provider's consent page."""

    state: str
    code_challenge: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class AuthorizationProof:
    """With what the code is redeemed that came back; ``section`` is whose button was pressed."""

    code_verifier: str = field(repr=False)
    redirect_uri: str
    section: str


class OAuthPort(Protocol):
    """Authorizations of the present installation, and who may renew its tokens at the moment."""

    def begin(self, section: str) -> AuthorizationStart:
        """Begin one; its state is good for one callback within ten minutes."""

    def prove(self, state: str) -> AuthorizationProof:
        """Return what belongs to a state that has just come back.

        Raises RequestInvalid for any other.
        """

    def acquire(self, name: str, *, seconds: float) -> str | None:
        """Take the lease ``name`` of this installation; None while somebody else has it."""

    def release(self, name: str, held: str) -> None:
        """Give back what ``acquire`` gave."""

    def conceal(self, value: str) -> None:
        """Keep a secret that is not stored yet out of everything that is written down."""
