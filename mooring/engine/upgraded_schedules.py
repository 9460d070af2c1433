"""Which schedules does an installation have after an upgrade? A decision over values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mooring.engine.scheduler import delay, first_due
from mooring.model.manifest import JobEntry
from mooring.model.run import JobSchedule

Jobs = Mapping[str, JobEntry]


def upgraded_schedules(
    install_id: int, present: Sequence[JobSchedule], *, before: Jobs, after: Jobs, now: datetime
) -> list[JobSchedule]:
    """Return all schedules to have from now on.

    A new job's cron is added and a changed one followed; a schedule that the installation chose by
    itself, or switched off, stays as chosen. Jobs that are gone have none.
    """
    chosen = {schedule.job: schedule for schedule in present}
    return list(_schedules(install_id, chosen, before, after, now))


def _schedules(
    install_id: int, chosen: Mapping[str, JobSchedule], before: Jobs, after: Jobs, now: datetime
) -> Iterator[JobSchedule]:
    for name, job in after.items():
        own = chosen.get(name)
        declared_before = own is not None and _is_declared(own, before.get(name))
        if own is not None and (not declared_before or _is_declared(own, job)):
            yield _with_policies(own, job)
        elif job.cron and (own is not None or not _has_cron(before.get(name))):
            fresh = _with_policies(JobSchedule(install_id, name, job.cron, job.timezone), job)
            yield replace(fresh, next_at=first_due(fresh, now))


def _is_declared(schedule: JobSchedule, job: JobEntry | None) -> bool:
    """Whether a schedule is the manifest's own, in force."""
    if job is None or schedule.next_at is None:
        return False
    return (schedule.cron, schedule.timezone) == (job.cron, job.timezone)


def _has_cron(job: JobEntry | None) -> bool:
    return job is not None and bool(job.cron)


def _with_policies(schedule: JobSchedule, job: JobEntry) -> JobSchedule:
    changed = replace(
        schedule,
        overlap=job.overlap,
        missed=job.missed,
        jitter=job.jitter,
        parameters=dict(job.parameters),
    )
    if schedule.next_at is None:
        return changed
    # The due time stays, and moves within its new share of the jitter.
    return replace(changed, next_at=schedule.next_at - delay(schedule) + delay(changed))
