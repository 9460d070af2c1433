"""What does this app do when it is installed, and when its settings are submitted?"""

from __future__ import annotations

from typing import Any

from mooring.sdk import Lifecycle as BaseLifecycle
from mooring.sdk import LifecycleResult, LifecycleSettingsResult, errors, storage

from ..clients.messages import Messages


class Lifecycle(BaseLifecycle):
    """The app's answers to the host."""

    def on_install(self) -> LifecycleResult:
        """Wait for an API key; nothing is to be done before."""
        return LifecycleResult(success=True)

    def on_settings_form(
        self, section: str, action: str, form_data: dict[str, Any]
    ) -> LifecycleSettingsResult:
        """Keep the API key only if the service accepts it."""
        result = LifecycleSettingsResult()
        key = str(form_data.get("api_key") or "")
        try:
            name = Messages(key).account()
        except errors.CredentialsRejected:
            said = "The service does not accept this key; make a new one."
            return result.add_error("api_key", said)
        except errors.ServiceError as error:
            said = f"The service cannot be asked now: {error.message}"
            return result.add_toast("danger", said)
        storage.settings.patch(section, {"api_key": key, "connected": name})
        return result.add_toast("success", f"Connected to {name}.")

    def on_uninstall(self) -> LifecycleResult:
        """Leave nothing behind: this app made nothing outside, and the host clears the rest."""
        return LifecycleResult(success=True)
