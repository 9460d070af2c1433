"""What happens when the connector is installed, configured, upgraded and removed?

Each section of the form has its desk in a module of its own; here is which, and what a failing
service means to whoever pressed the button.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from mooring.sdk import (
    AuthorizationGrantResult,
    LifecycleResult,
    LifecycleSettingsResult,
    Request,
    errors,
    logger,
    storage,
)
from mooring.sdk import Lifecycle as BaseLifecycle

from ..clients.stored_settings import load_settings
from ..core.decisions import DECISIONS_TOKEN
from ..core.settings import FIELDS, Settings
from ..core.settings_file import FileRefused, read_settings_file
from .accounts import save_brevo
from .choices import save_diagnostics, save_mapping, save_sync
from .diagnosis import check_connections
from .optimizely_account import disconnect, request_access, save_optimizely, take_access
from .projects import save_projects
from .sync_now import sync_now
from .webhooks import forget_webhooks

Form = dict[str, Any]  # Any: values of a section's fields
Desk = Callable[[Form, LifecycleSettingsResult], None]

TOKEN_BYTES = 32

DESKS: Mapping[str, Mapping[str, Desk]] = MappingProxyType(
    {
        "optimizely": {"save": save_optimizely, "disconnect": disconnect},
        "projects": {"save": save_projects},
        "brevo": {"save": save_brevo},
        "sync": {"save": save_sync, "sync_now": sync_now},
        "mapping": {"save": save_mapping},
        "diagnostics": {"save": save_diagnostics, "check": check_connections},
    }
)


class Lifecycle(BaseLifecycle):
    """The connector's answers to the host."""

    settings_file_variables: ClassVar[Mapping[str, str]] = {
        "connectors.optimizely.brevo.api_key": "BREVO_API_KEY",
        "connectors.optimizely.tajo.api_key": "TAJO_API_KEY",
    }

    def on_install(self) -> LifecycleResult:
        """Set the form's defaults, and a token for ``decisions`` that nobody knows yet."""
        _set_defaults()
        return LifecycleResult(success=True)

    def on_upgrade(self, from_version: str) -> LifecycleResult:
        """Set the defaults of what this version adds; what was chosen stays."""
        _set_defaults()
        return LifecycleResult(success=True)

    def on_settings_form(
        self, section: str, action: str, form_data: Form
    ) -> LifecycleSettingsResult:
        """Try out what was entered, then keep it; a refusal keeps nothing."""
        result = LifecycleSettingsResult()
        desk = DESKS.get(section, {}).get(action)
        if desk is None:
            offered = ", ".join(DESKS.get(section, {})) or "none"
            message = f"There is no action {action} in the section {section}; there are: {offered}."
            return result.add_toast("danger", message)
        try:
            desk(form_data, result)
        except errors.CredentialsRejected:
            raise  # of what was kept; the host says where to renew it
        except errors.ServiceError as error:
            logger.warn("settings.not_saved", section=section, reason=str(error))
            result.add_toast("danger", _in_plain_words(error))
        return result

    def on_authorization_request(self, section: str, form_data: Form) -> LifecycleSettingsResult:
        """Send the user to Optimizely, which is the only account that is connected so."""
        result = LifecycleSettingsResult()
        request_access(form_data, result)
        return result

    def on_authorization_grant(self, request: Request) -> AuthorizationGrantResult:
        """Take the access that the user allowed."""
        return take_access(request)

    def on_settings_file(self, document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """Turn the connector's YAML into sections of the form. Raises SettingsRefused."""
        try:
            return read_settings_file(document)
        except FileRefused as error:
            raise errors.SettingsRefused(str(error), where=error.where, hint=error.hint) from error

    def on_uninstall(self) -> LifecycleResult:
        """Remove the webhooks that were registered; a service that fails does not hold us."""
        forget_webhooks(load_settings())
        return LifecycleResult(success=True)


def _set_defaults() -> None:
    defaults = Settings()
    for section, names in FIELDS.items():
        values = {name: getattr(defaults, name) for name in names}
        storage.settings.put(section, {**values, **storage.settings.get(section)})
    if not storage.secrets.exists(DECISIONS_TOKEN):
        storage.secrets.put(DECISIONS_TOKEN, {"value": secrets.token_urlsafe(TOKEN_BYTES)})


def _in_plain_words(error: errors.ServiceError) -> str:
    if isinstance(error, errors.RateLimited):
        wait = max(1, round(error.retry_after))
        return f"The service asks to wait. Nothing was saved; try again in {wait} seconds."
    if isinstance(error, errors.ServiceUnavailable):
        return f"{error} Nothing was saved; try again in a few minutes."
    return f"{error} Nothing was saved."
