"""What does the button "Synchronise now" do? One full run, unless one is under way."""

from __future__ import annotations

from typing import Any

from mooring.sdk import LifecycleSettingsResult, jobs

from ..clients.stored_settings import load_settings
from ..clients.sync_requests import JOB
from ..core.settings import Settings


def sync_now(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Start a full synchronisation, or say what is still needed for one."""
    settings = load_settings()
    if missing := _missing(settings):
        section, sentence = missing
        result.add_toast("danger", sentence).redirect_to_settings(section)
    elif jobs.active(JOB):
        result.add_toast("info", "A synchronisation is already under way.")
    else:
        run = jobs.trigger(JOB)
        result.add_toast("success", f"The synchronisation has been started: run {run.job_id}.")


def _missing(settings: Settings) -> tuple[str, str] | None:
    if not settings.access_token:
        return "optimizely", "Connect Optimizely first."
    if not settings.connections:
        return "projects", "Choose at least one environment first."
    if not settings.brevo_api_key:
        return "brevo", "Connect Brevo first."
    return None
