"""May this request reach the function? The secret is the installation's, the raw body decides."""

from __future__ import annotations

import time
from secrets import token_urlsafe

from mooring.engine.problems import problem
from mooring.engine.signatures import check, secret_values
from mooring.hosting.host import Host
from mooring.model.manifest import Verification
from mooring.sdk.webhook import Request, Response
from mooring.web.directory import Target
from mooring.web.messages import Refused

FRESH_SECONDS = 0.5  # how long a changed secret may stay unnoticed
MOST_KEPT = 10_000
NEVER: tuple[float, tuple[str, ...]] = (float("-inf"), ())


class Verifier:
    """Checks signatures; keeps secrets for half a second, for deciphering them costs."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._kept: dict[tuple[int, str, str], tuple[float, tuple[str, ...]]] = {}
        self._will_look: set[tuple[int, str, str]] = set()
        self._nobodys = token_urlsafe(32)

    def knows(self, target: Target) -> bool:
        """Whether a check can do without a look at the store of secrets, which blocks."""
        wanted = target.entry.verify
        if wanted is None:
            return True
        key = _key(target, wanted)
        return key in self._kept and time.monotonic() - self._kept[key][0] < FRESH_SECONDS

    def wants_a_look(self, target: Target) -> bool:
        """Whether somebody should ``look``, before what is known is too old for all at once."""
        wanted = target.entry.verify
        if wanted is None or (key := _key(target, wanted)) in self._will_look:
            return False
        age = time.monotonic() - self._kept.get(key, NEVER)[0]
        if not FRESH_SECONDS / 2 <= age < FRESH_SECONDS:
            return False
        self._will_look.add(key)
        return True

    def look(self, target: Target) -> None:
        """Read the secrets of a target anew."""
        wanted = target.entry.verify
        if wanted is None:
            return
        try:
            self._read(target, wanted)
        finally:
            self._will_look.discard(_key(target, wanted))

    def check(self, target: Target, request: Request) -> None:
        """Return if the function asks for no signature, or this one is right.

        Raises SignatureInvalid, and Refused when no secret was set.
        """
        wanted = target.entry.verify
        if wanted is None:
            return
        secrets = self._secrets(target, wanted)
        if not secrets and not target.shared:
            raise Refused(self._unset(target, wanted))
        check(
            request.body,
            request.headers,
            verification=wanted,
            profiles=self._host.signature_profiles,
            # At the address of all accounts, none is told apart from one that is not here.
            secrets=secrets or (self._nobodys,),
            now=self._host.clock.now(),
        )

    def _secrets(self, target: Target, wanted: Verification) -> tuple[str, ...]:
        """Read the installation's secrets; a stranger's, who has none, just as often."""
        read_at, secrets = self._kept.get(_key(target, wanted), NEVER)
        if time.monotonic() - read_at >= FRESH_SECONDS:
            secrets = self._read(target, wanted)
        return secrets

    def _read(self, target: Target, wanted: Verification) -> tuple[str, ...]:
        key, now = _key(target, wanted), time.monotonic()
        secrets = secret_values(self._host.secrets(target.installation).get(wanted.secret))
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (now, secrets)
        return secrets

    def _unset(self, target: Target, wanted: Verification) -> Response:
        app_id = target.installation.app_id
        said = "No secret is set with which the signature could be checked."
        hint = f"On the host: mooring secrets {app_id} set {wanted.secret}"
        return problem(503, "request.no_secret", said, hint=hint, headers={"retry-after": "60"})


def _key(target: Target, wanted: Verification) -> tuple[int, str, str]:
    return target.installation.install_id, target.installation.account, wanted.secret
