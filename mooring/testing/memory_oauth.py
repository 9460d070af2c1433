"""How does an app authorize in a test? As with the host, and the test plays the provider."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mooring.engine.oauth import InstallationOAuth, States, state_id_of
from mooring.model.authorization import Authorization
from mooring.model.installation import Installation, InstallationState
from mooring.sdk.oauth_port import AuthorizationStart
from mooring.sdk.ports import Clock
from mooring.sdk.webhook import Request

KEY = b"a key that only tests know"


class MemoryAuthorizations:
    """An ``AuthorizationRepository`` in memory."""

    def __init__(self) -> None:
        self._known: dict[str, Authorization] = {}

    def add(self, authorization: Authorization) -> None:
        """Keep a new one."""
        self._known[authorization.state_id] = authorization

    def get(self, state_id: str) -> Authorization | None:
        """Return one, whether or not it can still be used."""
        return self._known.get(state_id)

    def use(self, state_id: str, *, now: datetime) -> bool:
        """Use it up; False when it was used before or has expired."""
        found = self._known.get(state_id)
        if found is None or found.used_at is not None or found.expires_at <= now:
            return False
        self._known[state_id] = replace(found, used_at=now)
        return True

    def conclude(self, state_id: str, outcome: Mapping[str, Any]) -> None:
        """Keep what became of it."""
        self._known[state_id] = replace(self._known[state_id], outcome=outcome)


class MemoryLeases:
    """A ``LeaseRepository`` in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, tuple[str, datetime]] = {}

    def acquire(self, name: str, *, holder: str, seconds: float) -> bool:
        """Take the lease, or renew one's own; False while somebody else has it."""
        now = self._clock.now()
        present, until = self._held.get(name, (holder, now))
        if present != holder and until > now:
            return False
        self._held[name] = (holder, now + timedelta(seconds=seconds))
        return True

    def release(self, name: str, *, holder: str) -> None:
        """Give the lease back; what somebody else has meanwhile stays theirs."""
        if self._held.get(name, ("",))[0] == holder:
            del self._held[name]


class MemoryOAuth(InstallationOAuth):
    """An ``OAuthPort`` in memory; ``callback`` is what the provider sends back.

    ``begun`` are the authorizations that the app began, ``concealed`` the secrets that the host
    would hide.
    """

    def __init__(
        self,
        *,
        app_id: str,
        install_id: int,
        redirect_uri: Callable[[], str],
        clock: Clock,
        has_section: Callable[[str], bool] = lambda section: True,
    ) -> None:
        self.begun: list[AuthorizationStart] = []
        self.concealed: list[str] = []
        self._app_id = app_id
        ids = itertools.count(1)
        self._all = States(
            MemoryAuthorizations(),
            key=lambda: KEY,
            new_id=lambda: f"begun-{next(ids)}",
            clock=clock,
        )
        super().__init__(
            _installation(app_id, install_id, clock.now()),
            states=self._all,
            leases=MemoryLeases(clock),
            redirect_uri=redirect_uri,
            has_section=has_section,
            new_id=lambda: f"held-{next(ids)}",
            mask=self,
        )

    def begin(self, section: str) -> AuthorizationStart:
        """Begin an authorization, and note it in ``begun``."""
        self.begun.append(super().begin(section))
        return self.begun[-1]

    def callback(self, *, code: str = "a-code", state: str = "", **params: str) -> Request:
        """Return the request that ``on_authorization_grant`` gets: the latest begun is granted.

        Raises AssertionError when none was begun, or its state was used or has expired.
        """
        state = state or (self.begun[-1].state if self.begun else "")
        found = self._all.use(state, app_id=self._app_id)
        assert not isinstance(found, str), f"The state {state_id_of(state)!r} is {found}."
        return Request("GET", params={"code": code, "state": state, **params})

    def learn(self, value: str) -> None:
        """Note a secret in ``concealed``."""
        self.concealed.append(value)

    def hide(self, text: str) -> str:
        """Return the text as it is: in a test nothing is written down."""
        return text


def _installation(app_id: str, install_id: int, now: datetime) -> Installation:
    return Installation(
        install_id=install_id,
        app_id=app_id,
        account="local",
        version="1.0.0",
        root=Path(),
        state=InstallationState.INSTALLED,
        installed_at=now,
        updated_at=now,
    )
