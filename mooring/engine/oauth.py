"""Is what came back from a provider the answer to what we asked? State, PKCE and their one use.

A state names an authorization and is signed together with what it is bound to: app, installation
and section. The PKCE verifier is made of the same key and never leaves the host; it is made again
when the code is redeemed. Pure but for its ports.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from mooring.engine.ports import AuthorizationRepository, LeaseRepository, SecretMask
from mooring.errors import NotFound, RequestInvalid
from mooring.model.authorization import Authorization
from mooring.model.installation import Installation
from mooring.sdk.oauth_port import AuthorizationProof, AuthorizationStart
from mooring.sdk.ports import Clock

GOOD_FOR = timedelta(minutes=10)
STATE = re.compile(r"(?P<id>[A-Za-z0-9_-]{1,64})\.(?P<signature>[A-Za-z0-9_-]{1,64})", re.ASCII)

Unusable = Literal["unknown", "used", "expired"]


class States:
    """The states of one host; ``key`` is its secret, ``new_id`` gives what nobody can guess."""

    def __init__(
        self,
        authorizations: AuthorizationRepository,
        *,
        key: Callable[[], bytes],
        new_id: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._authorizations = authorizations
        self._key = key
        self._new_id = new_id
        self._clock = clock

    def begin(
        self,
        installation: Installation,
        section: str,
        *,
        redirect_uri: str,
        app_state: str | None = None,
    ) -> AuthorizationStart:
        """Write down a new authorization, and return what the provider is sent."""
        now = self._clock.now()
        begun = Authorization(
            state_id=self._new_id(),
            install_id=installation.install_id,
            section=section,
            redirect_uri=redirect_uri,
            created_at=now,
            expires_at=now + GOOD_FOR,
            app_state=app_state,
        )
        self._authorizations.add(begun)
        challenge = sha256(self._verifier(begun.state_id).encode()).digest()
        state = f"{begun.state_id}.{self._signature(begun, installation.app_id)}"
        return AuthorizationStart(state, _text(challenge), redirect_uri)

    def is_ours(self, state: str, *, app_id: str) -> bool:
        """Tell whether this host made a state for this app, whatever became of it."""
        return self._genuine(state, app_id=app_id) is not None

    def use(self, state: str, *, app_id: str) -> Authorization | Unusable:
        """Use up the authorization that a state of this app names; say why if that cannot be."""
        found = self._genuine(state, app_id=app_id)
        if found is None:
            return "unknown"
        if found.used_at is not None:
            return "used"
        now = self._clock.now()
        if found.expires_at <= now:
            return "expired"
        return found if self._authorizations.use(found.state_id, now=now) else "used"

    def has_begun(self, state: str, *, installation: Installation) -> bool:
        """Tell whether a state is one that this installation has begun with."""
        found = self._genuine(state, app_id=installation.app_id)
        return found is not None and found.install_id == installation.install_id

    def prove(self, state: str, *, installation: Installation) -> AuthorizationProof:
        """Return what belongs to a state that has just come back. Raises RequestInvalid."""
        found = self._genuine(state, app_id=installation.app_id)
        if (
            found is None
            or found.install_id != installation.install_id
            or found.used_at is None
            or found.used_at + GOOD_FOR <= self._clock.now()
        ):
            raise RequestInvalid(
                "This request does not come from an authorization of this installation.",
                hint="Redeem the request that on_authorization_grant was called with.",
            )
        verifier = self._verifier(found.state_id)
        return AuthorizationProof(verifier, found.redirect_uri, found.section)

    def _genuine(self, state: str, *, app_id: str) -> Authorization | None:
        """Find what a state names; None unless this host signed it for this app.

        What is not known is signed all the same, so that time tells nothing about it.
        """
        read = STATE.fullmatch(state)
        found = self._authorizations.get(read["id"]) if read else None
        signed = self._signature(found, app_id) if found else self._derived("none", app_id)
        given = read["signature"] if read else ""
        return found if hmac.compare_digest(given.encode(), signed.encode()) else None

    def _signature(self, authorization: Authorization, app_id: str) -> str:
        bound_to = (
            *("state", authorization.state_id, app_id, str(authorization.install_id)),
            *(authorization.section, authorization.redirect_uri),
        )
        return self._derived(*bound_to)

    def _verifier(self, state_id: str) -> str:
        return self._derived("verifier", state_id)

    def _derived(self, *parts: str) -> str:
        """Make 43 characters that only the holder of the key can make of these parts."""
        framed = b"".join(len(each).to_bytes(4) + each for each in map(str.encode, parts))
        return _text(hmac.digest(self._key(), framed, sha256))


class InstallationOAuth:
    """Authorizations and leases of one installation (the SDK's ``oauth``)."""

    def __init__(
        self,
        installation: Installation,
        *,
        states: States,
        leases: LeaseRepository,
        redirect_uri: Callable[[], str],
        has_section: Callable[[str], bool],
        new_id: Callable[[], str],
        mask: SecretMask,
    ) -> None:
        self._installation = installation
        self._states = states
        self._leases = leases
        self._redirect_uri = redirect_uri
        self._has_section = has_section
        self._new_id = new_id
        self._mask = mask

    def begin(self, section: str) -> AuthorizationStart:
        """Begin an authorization. Raises NotFound for a section that the form does not have."""
        if not self._has_section(section):
            raise NotFound(f"The form of {self._installation.app_id} has no section {section}.")
        return self._states.begin(self._installation, section, redirect_uri=self._redirect_uri())

    def bound(self, url: str, section: str) -> str:
        """Give the address of a provider a state of ours, if it is to come back here without one.

        Apps may write that address by themselves; without our state nobody would be let in again.
        The state that such an app chose is kept and given back to it.
        """
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        given = dict(query)
        redirect_uri = self._redirect_uri()
        state = given.get("state")
        if given.get("redirect_uri") != redirect_uri or (
            state and self._states.has_begun(state, installation=self._installation)
        ):
            return url
        start = self._states.begin(
            self._installation, section, redirect_uri=redirect_uri, app_state=state
        )
        query = [pair for pair in query if pair[0] != "state"] + [("state", start.state)]
        return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))

    def prove(self, state: str) -> AuthorizationProof:
        """Return what belongs to a state that has just come back. Raises RequestInvalid."""
        proof = self._states.prove(state, installation=self._installation)
        self.conceal(proof.code_verifier)
        return proof

    def acquire(self, name: str, *, seconds: float) -> str | None:
        """Take a lease of this installation; None while somebody else has it."""
        holder = self._new_id()
        taken = self._leases.acquire(self._own(name), holder=holder, seconds=seconds)
        return holder if taken else None

    def release(self, name: str, held: str) -> None:
        """Give back what ``acquire`` gave."""
        self._leases.release(self._own(name), holder=held)

    def conceal(self, value: str) -> None:
        """Keep a secret that is not stored yet out of everything that is written down."""
        self._mask.learn(value)

    def _own(self, name: str) -> str:
        return f"{self._installation.owner}/{name}"


def state_id_of(state: str) -> str:
    """Return by which id the authorization of a state is known."""
    return state.partition(".")[0]


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
