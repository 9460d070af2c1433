"""How is Optimizely connected and disconnected? With a token, or by OAuth; either is tried first.

There is one connection at a time: what is connected last takes the place of what was before.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mooring.sdk import (
    AuthorizationGrantResult,
    LifecycleSettingsResult,
    Request,
    errors,
    functions,
    oauth,
    storage,
)

from ..clients.access import TOKENS, Access, PersonalToken, access_to, client_of
from ..clients.addresses import base_address
from ..clients.optimizely import Optimizely
from ..clients.refusals import OPTIMIZELY, TOKENS_PAGE
from ..clients.stored_settings import load_settings
from ..core.environments import is_connectable
from .accounts import is_kept, is_plausible

SHOWN = 5  # projects that a message names
BUTTON = "Connect with Optimizely"
NO_PROJECT = (
    "may read no project with Feature Experimentation. Let its owner be added to a project in "
    "Optimizely, or use somebody else's."
)
WRONG_TOKEN = (
    "Optimizely does not accept this token: it is not complete, has expired or was revoked. "
    f"Copy it again, or make a new one ({TOKENS_PAGE})."
)


def save_optimizely(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep a token that may read at least one project, or else what the button needs."""
    token = str(form.get("access_token") or "").strip()
    if not token and str(form.get("client_id") or "").strip():
        _save_client(form, result)
    elif not is_plausible(token):
        result.add_error("access_token", "This is no token: copy it again, without anything else.")
    else:
        _save_token(token, form, result)


def disconnect(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Forget token and access; the client that is registered stays."""
    oauth.forget(TOKENS)
    nothing = {"access_token": "", "authorized": False, "connected": ""}
    storage.settings.patch(OPTIMIZELY, nothing)
    result.add_toast(
        "success",
        "Disconnected. Nothing is synchronised until Optimizely is connected again. What was "
        "allowed in Optimizely can be withdrawn there too.",
    )


def request_access(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Send the user to Optimizely's consent page."""
    if not _keep_client(form, result):
        return
    kept = load_settings()
    if not kept.client_id or not kept.client_secret:
        result.add_error("client_id", "Enter client ID and client secret first.")
        return
    url = oauth.authorization_url(
        f"{base_address('OPTIMIZELY_OAUTH')}/authorize",
        client_id=kept.client_id,
        section=OPTIMIZELY,
        extra={"scopes": "all"},
    )
    result.redirect(url)


def take_access(request: Request) -> AuthorizationGrantResult:
    """Exchange the code, try out what it opens, and keep it in the place of any token."""
    result = AuthorizationGrantResult(OPTIMIZELY)
    kept = load_settings()
    client = client_of(kept.client_id, kept.client_secret)
    try:
        tokens = oauth.redeem(
            request,
            token_url=client.token_url,
            client_id=client.client_id,
            client_secret=client.client_secret,
        )
        connected = _projects(PersonalToken(tokens.access_token))
    except errors.RequestRefused as error:
        said = "Optimizely does not accept this client ID and secret, or the attempt was too old."
        return result.add_error("client_secret", f"{said} ({error.message})")
    if not connected:
        return result.add_toast("danger", f"The access that you allowed {NO_PROJECT}")
    oauth.keep(TOKENS, tokens)
    storage.settings.patch(
        OPTIMIZELY, {"access_token": "", "authorized": True, "connected": connected}
    )
    return result.add_toast("success", f"Connected to Optimizely: {connected}.")


def _save_token(token: str, form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    try:
        connected = _projects(PersonalToken(token))
    except errors.CredentialsRejected as error:
        if is_kept(token, OPTIMIZELY, "access_token"):
            raise
        said = WRONG_TOKEN if error.status == 401 else str(error)
        result.add_error("access_token", said)
        return
    if not connected:
        result.add_error("access_token", f"The token is right, but it {NO_PROJECT}")
        return
    storage.settings.patch(
        OPTIMIZELY, {"access_token": token, "authorized": False, "connected": connected}
    )
    oauth.forget(TOKENS)
    result.add_toast("success", f"Connected to Optimizely: {connected}.")


def _save_client(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep the registered client; if it has its access already, try that out."""
    if not _keep_client(form, result):
        return
    settings = load_settings()
    if not settings.opens_optimizely:
        result.add_toast("info", f"Saved. Now press {BUTTON}.")
        return
    connected = _projects(access_to(settings))
    storage.settings.patch(OPTIMIZELY, {"connected": connected})
    result.add_toast("success", f"Connected to Optimizely: {connected or 'no project'}.")


def _keep_client(form: dict[str, Any], result: LifecycleSettingsResult) -> bool:
    """Keep client ID and secret; an access that another client was given is of no use any more."""
    address = functions.get_authorization_grant_url()
    if not _is_acceptable(address):
        result.add_error(
            "client_id",
            f"Optimizely sends people back to https addresses alone, not to {address}. Set "
            "MOORING_PUBLIC_URL to the address that this server has on the internet.",
        )
        return False
    client_id, secret = (str(form.get(n) or "").strip() for n in ("client_id", "client_secret"))
    kept: dict[str, Any] = {
        "client_id": client_id,
        "client_secret": secret,
        "redirect_uri": address,
    }
    settings = load_settings()
    if settings.authorized and settings.client_id != client_id:
        oauth.forget(TOKENS)
        kept |= {"authorized": False, "connected": ""}
    storage.settings.patch(OPTIMIZELY, kept)
    return True


def _is_acceptable(address: str) -> bool:
    """Tell whether Optimizely sends anybody there; one that is on this machine does."""
    nearby = urlsplit(base_address("OPTIMIZELY_OAUTH")).scheme == "http"
    return nearby or urlsplit(address).scheme == "https"


def _projects(access: Access) -> str:
    """Name the projects that can be connected; empty if there are none."""
    projects = Optimizely(access).projects()
    names = sorted(str(project["name"]) for project in projects if is_connectable(project))
    others = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {others} more" if others > 0 else "")
