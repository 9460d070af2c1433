"""What is synchronised, when, and under which names? Sections that need no credentials."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from mooring.sdk import LifecycleSettingsResult, errors, jobs, storage

from ..clients.brevo import Brevo
from ..clients.connected_flags import connected_flags
from ..clients.stored_settings import load_settings
from ..clients.sync_requests import JOB
from ..core.settings import FIELDS

EXT_ID = "EXT_ID"


def save_sync(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep what is synchronised, and make the schedule this installation's own."""
    flags = [str(key) for key in form.get("flags") or []]
    for sentence in _unknown_flags(flags):
        result.add_error("flags", sentence)
    if not result.ok:
        return
    schedule = " ".join(str(form["schedule"]).split())
    try:
        next_at = jobs.reschedule(JOB, schedule)
    except errors.ScheduleInvalid as error:
        result.add_error("schedule", str(error))
        return
    enabled = bool(form["enabled"])
    if not enabled:
        jobs.reschedule(JOB, None)
    toggles = {name: bool(form[name]) for name in FIELDS["sync"]}
    storage.settings.patch("sync", {**toggles, "schedule": schedule, "flags": flags})
    if not enabled:
        result.add_toast("success", "Saved. Nothing is synchronised until you switch it on again.")
    elif next_at:
        result.add_toast("success", f"Saved. Next synchronisation: {next_at:%Y-%m-%d %H:%M} UTC.")
    else:
        result.add_toast(
            "warning", "Saved, but this schedule never comes due: there is no such day."
        )
    if missing := " and ".join(load_settings().missing().values()):
        result.add_toast("info", f"Nothing is written until the section {missing} is filled in.")


def save_mapping(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep the names of attributes in capitals, as Brevo does; no two values share one."""
    names = {name: str(form[name]).strip() for name in FIELDS["mapping"]}
    user_id = names.pop("user_id")
    names = {name: text.upper() for name, text in names.items()}
    taken: dict[str, str] = {}
    for name, text in names.items():
        if text in taken:
            result.add_error(name, f"{text} is already the name of another value: {taken[text]}.")
        taken.setdefault(text, name.replace("_", " "))
    email = user_id.lower() == "email"
    if not email and (sentence := _unknown_attribute(user_id)):
        result.add_error("user_id", sentence)
    if not result.ok:
        return
    storage.settings.patch("mapping", {"user_id": "email" if email else user_id, **names})
    result.add_toast("success", "Saved. The next synchronisation writes under these names.")


def save_diagnostics(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Keep what is written to the log."""
    storage.settings.patch("diagnostics", {n: bool(form[n]) for n in FIELDS["diagnostics"]})
    result.add_toast("success", "Saved.")


def _unknown_attribute(name: str) -> str:
    """Say that contacts have no such attribute; nothing while Brevo is not connected."""
    api_key = load_settings().brevo_api_key
    if not api_key:
        return ""
    # A contact's own ID is no attribute, but is read like one.
    known = sorted({EXT_ID, *(str(each["name"]) for each in Brevo(api_key).attributes())})
    if name.upper() in known:
        return ""
    near = get_close_matches(name.upper(), known, n=1)
    return (
        f"Contacts in Brevo have no attribute {name}. "
        + (f"Did you mean {near[0]}? " if near else "")
        + "Enter email, or the name of an attribute that holds the ID."
    )


def _unknown_flags(chosen: Sequence[str]) -> list[str]:
    """Say which chosen flags no connected project has; nothing while none is connected."""
    settings = load_settings()
    if not chosen or not settings.connections or not settings.opens_optimizely:
        return []
    found = connected_flags(settings)
    known = {str(flag["key"]) for _, flag in found}
    known |= {f"{project_id}:{flag['key']}" for project_id, flag in found}
    return [_unknown(key, sorted(known)) for key in chosen if key not in known]


def _unknown(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"No connected project has a flag {key}." + (f" Did you mean {near[0]}?" if near else "")
