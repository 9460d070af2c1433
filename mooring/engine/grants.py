"""What becomes of somebody who comes back from a provider's consent page?

The state is used up first, whatever else the request says. What the provider declined, the app
does not hear of; what it granted goes to ``on_authorization_grant``, and the app's verdict counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from mooring.engine.lifecycle_calls import wrong_answer
from mooring.engine.oauth import States
from mooring.engine.ports import AuthorizationRepository, SecretMask
from mooring.engine.settings import SettingsOutcome
from mooring.errors import LifecycleFailed, MooringError
from mooring.model.authorization import Authorization
from mooring.model.form import Form
from mooring.model.installation import Installation
from mooring.sdk.results import AuthorizationGrantResult
from mooring.sdk.webhook import Request, only

End = Literal["connected", "refused", "denied", "provider_failed", "unknown", "used", "expired"]
DENIED = "access_denied"
APP_FAILED = "The app could not finish connecting. The log of the host says why."
NO_ANSWER = "The provider's answer says neither yes nor no."


@dataclass(frozen=True, slots=True)
class Landing:
    """How a journey to a provider ended; ``installation`` is None where its start is not known."""

    end: End
    installation: Installation | None = None
    section: str = ""
    outcome: SettingsOutcome | None = None

    @property
    def ok(self) -> bool:
        """Whether the account is connected now."""
        return self.end == "connected"


class GrantDesk:
    """Receives those who come back.

    ``installation_of`` gives the living installation of an authorization, ``call_app`` calls its
    Lifecycle.
    """

    def __init__(
        self,
        states: States,
        authorizations: AuthorizationRepository,
        *,
        installation_of: Callable[[Authorization], Installation | None],
        form_of: Callable[[Installation], Form],
        call_app: Callable[..., Any],
        mask: SecretMask,
    ) -> None:
        self._states = states
        self._authorizations = authorizations
        self._installation_of = installation_of
        self._form_of = form_of
        self._call_app = call_app
        self._mask = mask

    def receive(self, app_id: str, request: Request) -> Landing:
        """Use up the state, let the app take the grant, and write down what became of it."""
        code, state = only(request.params, "code"), only(request.params, "state")
        found = self._states.use(state, app_id=app_id)
        if isinstance(found, str):
            return Landing(found)
        # Not before: strangers could make the host learn so much that it forgets real secrets.
        for secret in filter(None, (code, state)):
            self._mask.learn(secret)
        installation = self._installation_of(found)
        if installation is None:
            return Landing("unknown")
        if found.app_state is not None:
            request = replace(request, params={**request.params, "state": found.app_state})
        landing = self._landed(found, installation, request, code=code)
        if landing.outcome:
            self._authorizations.conclude(found.state_id, landing.outcome.to_json())
        return landing

    def _landed(
        self, found: Authorization, installation: Installation, request: Request, *, code: str
    ) -> Landing:
        begun = Landing("refused", installation, found.section)
        if error := only(request.params, "error"):
            end: End = "denied" if error == DENIED else "provider_failed"
            said = "Access was not granted." if end == "denied" else "The provider had an error."
            return replace(begun, end=end, outcome=_declined(found.section, said))
        if not code:
            outcome = _declined(found.section, NO_ANSWER)
            return replace(begun, end="provider_failed", outcome=outcome)
        outcome = self._granted(installation, found.section, request)
        end = "connected" if outcome.ok else "refused"
        return Landing(end, installation, outcome.section, outcome)

    def _granted(
        self, installation: Installation, section: str, request: Request
    ) -> SettingsOutcome:
        try:
            result = self._call_app(installation, "on_authorization_grant", request)
            if not isinstance(result, AuthorizationGrantResult):
                app_id, expected = installation.app_id, "an AuthorizationGrantResult"
                hook = "on_authorization_grant"
                raise wrong_answer(app_id, hook, result, expected=expected)
        except LifecycleFailed:
            # Whoever stands at the public port does not need to know what the app stumbled over.
            return _declined(section, APP_FAILED)
        except MooringError as error:
            return _declined(section, self._mask.hide(str(error)))
        known = {each.key for each in self._form_of(installation).sections}
        result.section = result.section if result.section in known else section
        said = result.to_json()
        hide = self._mask.hide
        return SettingsOutcome(
            section=result.section,
            errors={place: [hide(each) for each in own] for place, own in said["errors"].items()},
            toasts=tuple({**toast, "message": hide(toast["message"])} for toast in said["toasts"]),
        )


def _declined(section: str, sentence: str) -> SettingsOutcome:
    toast = {"intent": "danger", "message": sentence}
    return SettingsOutcome(section=section, toasts=(toast,))
