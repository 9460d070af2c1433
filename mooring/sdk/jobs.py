"""How does an app start jobs and look after their runs and schedules?

Plain calls block; the twin with an ``a`` in front runs the same call in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mooring.sdk.calling import refuse_on_loop
from mooring.sdk.context import services_of_installation
from mooring.sdk.ports import MANIFEST_CRON, JobDetail, JobsPort

MANIFEST = MANIFEST_CRON


def trigger(job: str, parameters: Mapping[str, Any] | None = None) -> JobDetail:
    """Write a run; a worker picks it up within a second.

    ``parameters`` are an object of JSON values of up to 256 KB; what stands in place of a default
    of ``app.yml`` is of its kind. Raises NotFound, and MooringError for other parameters.
    """
    return _port("trigger").trigger(job, parameters)


async def atrigger(job: str, parameters: Mapping[str, Any] | None = None) -> JobDetail:
    """Await ``trigger``."""
    return await asyncio.to_thread(trigger, job, parameters)


def get_detail(job_id: str) -> JobDetail:
    """Return a run of this installation. Raises NotFound."""
    return _port("get_detail").get_detail(job_id)


async def aget_detail(job_id: str) -> JobDetail:
    """Await ``get_detail``."""
    return await asyncio.to_thread(get_detail, job_id)


def get_status(job_id: str) -> str:
    """Return the status of a run of this installation (``RUNNING``, …). Raises NotFound."""
    return _port("get_status").get_detail(job_id).status


async def aget_status(job_id: str) -> str:
    """Await ``get_status``."""
    return await asyncio.to_thread(get_status, job_id)


def active(job: str) -> list[JobDetail]:
    """Return the runs of a job that are not in a final state."""
    return _port("active").active(job)


async def aactive(job: str) -> list[JobDetail]:
    """Await ``active``."""
    return await asyncio.to_thread(active, job)


def reschedule(job: str, cron: str | None, *, timezone: str = "UTC") -> datetime | None:
    """Set this installation's cron for a job (None switches it off); return the next time.

    ``jobs.MANIFEST`` in place of a cron goes back to cron and zone of ``app.yml``, also of later
    versions. What is set is in force within a second and outlives upgrades. Raises ScheduleInvalid.
    """
    return _port("reschedule").reschedule(job, cron, timezone=timezone)


async def areschedule(job: str, cron: str | None, *, timezone: str = "UTC") -> datetime | None:
    """Await ``reschedule``."""
    return await asyncio.to_thread(reschedule, job, cron, timezone=timezone)


def _port(call: str) -> JobsPort:
    refuse_on_loop(f"jobs.{call}")
    return services_of_installation("jobs").jobs
