"""What does the button "Synchronise now" do? One full run, unless one is under way."""

from __future__ import annotations

from typing import Any

from mooring.sdk import LifecycleSettingsResult, jobs

from ..clients.stored_settings import load_settings
from ..clients.sync_requests import JOB


def sync_now(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Start a full synchronisation, or say what is still needed for one."""
    missing = load_settings().missing()
    if missing:
        section, label = next(iter(missing.items()))
        result.add_toast("danger", f"Fill in the section {label} first.")
        result.redirect_to_settings(section)
    elif jobs.active(JOB):
        result.add_toast("info", "A synchronisation is already under way.")
    else:
        run = jobs.trigger(JOB)
        result.add_toast("success", f"The synchronisation has been started: run {run.job_id}.")
