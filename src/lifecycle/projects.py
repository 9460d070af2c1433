"""Which environments decide for the contacts? Each choice is looked up in the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from mooring.sdk import LifecycleSettingsResult, errors, notifications, storage

from ..clients.access import access_to
from ..clients.datafile import datafile
from ..clients.optimizely import Optimizely
from ..clients.stored_settings import load_settings
from ..core.environments import Choice, EnvironmentUnknown, find_project, read_choice, resolve
from ..core.settings import Connection, write_connection
from .webhooks import follow_projects

SIGNATURE_SECRET = "optimizely_webhook_signature"  # noqa: S105  # the name of the secret


def save_projects(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep the chosen environments as connections, and let their projects announce changes."""
    settings = load_settings()
    if not settings.opens_optimizely:
        result.add_toast("danger", "Connect Optimizely first: its section comes before this one.")
        result.redirect_to_settings("optimizely")
        return
    optimizely = Optimizely(access_to(settings))
    connections = _connections(form.get("environments") or [], optimizely, result)
    if not result.ok or not _have_datafiles(connections, result):
        return
    _keep(form, connections)
    names = [f"{each.project_name} ({each.environment})" for each in connections]
    result.add_toast("success", f"Connected: {', '.join(names)}.")
    _warn_of_mixing(connections, result)
    state = follow_projects(optimizely, connections)
    former = storage.settings.patch("projects", {"webhook_state": state.sentence})
    if not state.complete:
        result.add_toast("warning", state.sentence)
        if former.get("webhook_state") != state.sentence:
            notifications.warn("Projects", "Changes are not announced at once", state.sentence)
    if not storage.secrets.exists(SIGNATURE_SECRET):
        result.add_toast(
            "info",
            "Webhooks are refused until their secret is entered here. Until then, changes arrive "
            "with the scheduled synchronisation.",
        )


def _connections(
    texts: Iterable[str], optimizely: Optimizely, result: LifecycleSettingsResult
) -> list[Connection]:
    """Look up every choice; what is unknown becomes an error at the field."""
    projects = optimizely.projects()
    environments: dict[str, list[dict[str, Any]]] = {}
    found: dict[str, Connection] = {}
    for text in texts:
        try:
            choice = read_choice(str(text))
            project = find_project(choice, projects)
            if choice.project_id not in environments:
                environments[choice.project_id] = optimizely.environments(choice.project_id)
            connection = resolve(choice, project, environments[choice.project_id])
        except (EnvironmentUnknown, errors.CredentialsRejected) as error:
            result.add_error("environments", str(error))
        else:
            found[connection.sdk_key] = connection
    return list(found.values())


def _have_datafiles(connections: Sequence[Connection], result: LifecycleSettingsResult) -> bool:
    """Fetch every datafile once; one that is not there is an error at the field."""
    for connection in connections:
        try:
            datafile(connection.sdk_key, refresh=True)
        except errors.NotFound as error:
            place = f"{connection.project_name} ({connection.environment})"
            result.add_error("environments", f"{place}: {error}")
    return result.ok


def _keep(form: dict[str, Any], connections: Sequence[Connection]) -> None:
    former = str(storage.settings.get("projects").get("webhook_secret") or "")
    secret = str(form.get("webhook_secret") or "").strip()
    kept = {
        "environments": [str(Choice(each.project_id, each.environment)) for each in connections],
        "connections": [write_connection(each) for each in connections],
        "auto_update": bool(form.get("auto_update")),
        "update_interval": int(form["update_interval"]),
        "webhook_secret": secret,
    }
    storage.settings.patch("projects", kept)
    if secret:
        # Optimizely makes one for each webhook, and the host tries all that are kept.
        storage.secrets.put(SIGNATURE_SECRET, {"values": secret.split()})
    elif former:
        # Emptied on the form. One that was only ever set by command stays.
        storage.secrets.delete(SIGNATURE_SECRET)


def _warn_of_mixing(connections: Sequence[Connection], result: LifecycleSettingsResult) -> None:
    counted = Counter(each.project_name for each in connections)
    for name in sorted(name for name, count in counted.items() if count > 1):
        result.add_toast(
            "warning",
            f"{name} is connected with several environments. Each decides for itself; contacts "
            "usually need production alone.",
        )
