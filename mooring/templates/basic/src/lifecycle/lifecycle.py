"""What this app does when it is installed, and when its settings are submitted."""

from typing import Any

from mooring.sdk import Lifecycle as BaseLifecycle
from mooring.sdk import LifecycleResult, LifecycleSettingsResult, storage


class Lifecycle(BaseLifecycle):
    """The app's answers to the host."""

    def on_install(self) -> LifecycleResult:
        """Start with a friendly word."""
        storage.settings.put("greeting", {"salutation": "Hello"})
        return LifecycleResult(success=True)

    def on_settings_form(
        self, section: str, action: str, form_data: dict[str, Any]
    ) -> LifecycleSettingsResult:
        """Keep what was submitted; the host checked it against the form."""
        result = LifecycleSettingsResult()
        storage.settings.put(section, form_data)
        return result.add_toast("success", "Saved.")
