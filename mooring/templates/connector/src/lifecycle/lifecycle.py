"""What does this app do when it is installed, and when its settings are submitted?"""

from __future__ import annotations

from typing import Any

from mooring.sdk import Lifecycle as BaseLifecycle
from mooring.sdk import LifecycleResult, LifecycleSettingsResult, errors, jobs, storage

from ..clients.shop import Shop

# The host checks the webhook's signature with it, as app.yml says.
WEBHOOK_SECRET = "order_webhook_signature"


class Lifecycle(BaseLifecycle):
    """The app's answers to the host."""

    def on_install(self) -> LifecycleResult:
        """Bring orders in as soon as the shop is connected."""
        storage.settings.put("orders", {"enabled": True})
        return LifecycleResult(success=True)

    def on_settings_form(
        self, section: str, action: str, form_data: dict[str, Any]
    ) -> LifecycleSettingsResult:
        """Keep what was submitted; the host checked it against the form."""
        result = LifecycleSettingsResult()
        if section == "connection":
            return _connect(form_data, result)
        storage.settings.patch(section, form_data)
        if action == "import":
            jobs.trigger("import_orders")
            return result.add_toast("success", "Saved. The import begins within a second.")
        return result.add_toast("success", "Saved.")

    def on_uninstall(self) -> LifecycleResult:
        """Leave nothing behind: this app made nothing outside, and the host clears the rest."""
        return LifecycleResult(success=True)


def _connect(form: dict[str, Any], result: LifecycleSettingsResult) -> LifecycleSettingsResult:
    """Keep the credentials only if the shop accepts them."""
    key = str(form.get("api_key") or "")
    try:
        name = Shop(key).account()
    except errors.CredentialsRejected:
        return result.add_error("api_key", "The shop does not accept this key; make a new one.")
    except errors.ServiceError as error:
        return result.add_toast("danger", f"The shop cannot be asked now: {error.message}")
    secret = str(form.get("webhook_secret") or "")
    storage.settings.patch(
        "connection", {"api_key": key, "webhook_secret": secret, "connected": name}
    )
    if secret:
        storage.secrets.put(WEBHOOK_SECRET, {"value": secret})
    return result.add_toast("success", f"Connected to {name}.")
