"""Who starts a synchronisation because something happened? Not twice while one still waits."""

from __future__ import annotations

from collections.abc import Sequence

from mooring.sdk import jobs, logger

from ..core.settings import Settings
from ..core.webhook import is_covered

JOB = "sync"  # its name in app.yml


def request_sync(settings: Settings, *, stages: Sequence[str]) -> bool:
    """Start a run of these stages unless one waits that does them; tell whether it was started.

    Nothing starts while synchronising is switched off or something is not connected yet.
    """
    if not settings.enabled or not settings.is_complete():
        logger.info(
            "sync.not_requested", enabled=settings.enabled, connected=settings.is_complete()
        )
        return False
    waiting = [run.parameters for run in jobs.active(JOB) if run.status == "PENDING"]
    if is_covered(stages, waiting):
        return False
    run = jobs.trigger(JOB, {"stages": list(stages)})
    logger.info("sync.requested", stages=list(stages), requested_run=run.job_id)
    return True
