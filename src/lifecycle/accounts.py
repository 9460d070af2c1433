"""Do these credentials open the account in Brevo? Each is tried out before it is kept.

What is wrong with a new entry is said at its field. That those kept are accepted no more is raised:
the host then marks the section as one that needs attention.
"""

from __future__ import annotations

import hmac
from typing import Any

from mooring.sdk import LifecycleSettingsResult, errors, storage

from ..clients.brevo import Brevo


def save_brevo(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep an API key that opens a Brevo account."""
    key = str(form.get("api_key") or "").strip()
    if not is_plausible(key):
        result.add_error("api_key", "This is no API key: copy it again, without anything else.")
        return
    try:
        account = Brevo(key).account()
    except errors.CredentialsRejected as error:
        if is_kept(key, "brevo", "api_key"):
            raise
        result.add_error("api_key", str(error))
        return
    connected = str(account.get("companyName") or account.get("email") or "your account")
    tajo = str(form.get("tajo_api_key") or "").strip()
    storage.settings.patch("brevo", {"api_key": key, "tajo_api_key": tajo, "connected": connected})
    result.add_toast("success", f"Connected to Brevo: {connected}.")


def is_kept(credential: str, section: str, field: str) -> bool:
    """Tell whether a field that was submitted holds what is kept already."""
    kept = str(storage.settings.get(section).get(field) or "")
    return hmac.compare_digest(credential.encode(), kept.encode())


def is_plausible(credential: str) -> bool:
    """Tell whether it can be sent at all."""
    return bool(credential) and credential.isascii() and credential.isprintable()
