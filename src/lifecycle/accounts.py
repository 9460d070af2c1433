"""Do these credentials open the accounts? Each is tried out before it is kept.

What is wrong with a new entry is said at its field. That those kept are accepted no more is raised:
the host then marks the section as one that needs attention.
"""

from __future__ import annotations

import hmac
from typing import Any

from mooring.sdk import LifecycleSettingsResult, errors, storage

from ..clients.brevo import Brevo
from ..clients.optimizely import Optimizely
from ..clients.refusals import TOKENS_PAGE
from ..core.environments import is_connectable

SHOWN = 5  # projects that a message names
WRONG_TOKEN = (
    "Optimizely does not accept this token: it is not complete, has expired or was revoked. "
    f"Copy it again, or make a new one ({TOKENS_PAGE})."
)


def save_optimizely(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep a personal access token that may read at least one project."""
    token = str(form.get("access_token") or "").strip()
    if not _is_plausible(token):
        result.add_error("access_token", "This is no token: copy it again, without anything else.")
        return
    try:
        projects = Optimizely(token).projects()
    except errors.CredentialsRejected as error:
        if _is_kept(token, "optimizely", "access_token"):
            raise
        said = WRONG_TOKEN if error.status == 401 else str(error)
        result.add_error("access_token", said)
        return
    names = sorted(str(project["name"]) for project in projects if is_connectable(project))
    if not names:
        result.add_error(
            "access_token",
            "The token is right, but it may read no project with Feature Experimentation. "
            "Let its owner be added to a project in Optimizely, or use somebody else's token.",
        )
        return
    connected = _listed(names)
    storage.settings.patch("optimizely", {"access_token": token, "connected": connected})
    result.add_toast("success", f"Connected to Optimizely: {connected}.")


def save_brevo(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep an API key that opens a Brevo account."""
    key = str(form.get("api_key") or "").strip()
    if not _is_plausible(key):
        result.add_error("api_key", "This is no API key: copy it again, without anything else.")
        return
    try:
        account = Brevo(key).account()
    except errors.CredentialsRejected as error:
        if _is_kept(key, "brevo", "api_key"):
            raise
        result.add_error("api_key", str(error))
        return
    connected = str(account.get("companyName") or account.get("email") or "your account")
    tajo = str(form.get("tajo_api_key") or "").strip()
    storage.settings.patch("brevo", {"api_key": key, "tajo_api_key": tajo, "connected": connected})
    result.add_toast("success", f"Connected to Brevo: {connected}.")


def _is_kept(credential: str, section: str, field: str) -> bool:
    kept = str(storage.settings.get(section).get(field) or "")
    return hmac.compare_digest(credential.encode(), kept.encode())


def _is_plausible(credential: str) -> bool:
    return bool(credential) and credential.isascii() and credential.isprintable()


def _listed(names: list[str]) -> str:
    others = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {others} more" if others > 0 else "")
