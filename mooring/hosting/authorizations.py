"""Where do authorizations of this host's apps begin, and where do they come back to?"""

from __future__ import annotations

import secrets
from functools import cached_property, partial
from typing import TYPE_CHECKING

from mooring.engine.grants import GrantDesk, Landing
from mooring.engine.oauth import InstallationOAuth, States
from mooring.model.authorization import Authorization
from mooring.model.installation import SERVING, Installation
from mooring.sdk.webhook import Request, only

if TYPE_CHECKING:
    from mooring.hosting.host import Host

OWNER, NAME = "host", "oauth"
KEY_BYTES, ID_BYTES = 32, 16


class AppAuthorizations:
    """The authorizations of one host's installations."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def of(self, installation: Installation) -> InstallationOAuth:
        """Return what the SDK's ``oauth`` is for an installation."""
        return InstallationOAuth(
            installation,
            states=self._states,
            leases=self._host.leases,
            redirect_uri=lambda: f"{self._host.public_url()}/oauth/{installation.app_id}/callback",
            has_section=lambda section: self._has_section(installation, section),
            new_id=_new_id,
            mask=self._host.masker,
        )

    def knows(self, app_id: str, request: Request) -> bool:
        """Tell whether somebody comes back whom this host has sent; changes nothing."""
        return self._states.is_ours(only(request.params, "state"), app_id=app_id)

    def receive(self, app_id: str, request: Request) -> Landing:
        """Take in who comes back from a provider, and note what became of the authorization."""
        landing = self._desk.receive(app_id, request)
        if landing.installation is None:
            fields = {"app_id": app_id, "end": landing.end}
            self._host.log.log("warn", "authorization.refused", fields)
            return landing
        self._note(landing, landing.installation)
        return landing

    def _note(self, landing: Landing, installation: Installation) -> None:
        host, outcome = self._host, "done" if landing.ok else landing.end
        message = f"section {landing.section}"
        host.history.record(installation, "authorization", outcome=outcome, message=message)
        if landing.ok:
            host.attention.clear(installation, landing.section)
        fields = {**installation.log_fields, "section": landing.section, "end": landing.end}
        host.log.log("info" if landing.ok else "warn", "authorization.ended", fields)

    def _has_section(self, installation: Installation, section: str) -> bool:
        form = self._host.definition(installation).settings_form
        return any(each.key == section for each in form.sections)

    def _living(self, authorization: Authorization) -> Installation | None:
        """Find whose authorization it is, unless the app was taken out meanwhile."""
        found = (each for each in self._host.installations.all() if each.state in SERVING)
        wanted = authorization.install_id
        return next((each for each in found if each.install_id == wanted), None)

    @cached_property
    def _desk(self) -> GrantDesk:
        host = self._host
        return GrantDesk(
            self._states,
            host.authorizations,
            installation_of=self._living,
            form_of=lambda installation: host.definition(installation).settings_form,
            call_app=host.lifecycle.call,
            mask=host.masker,
        )

    @cached_property
    def _states(self) -> States:
        return States(
            self._host.authorizations,
            key=lambda: self._key,
            new_id=_new_id,
            clock=self._host.clock,
        )

    @cached_property
    def _key(self) -> bytes:
        """The secret of states and verifiers, the same in every process of this host."""
        make = partial(secrets.token_hex, KEY_BYTES)
        return bytes.fromhex(self._host.vault.made_once(OWNER, NAME, make=make))


def _new_id() -> str:
    """Make a name that nobody can guess."""
    return secrets.token_urlsafe(ID_BYTES)
