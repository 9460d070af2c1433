"""Which schedules are due, and what does each of them start? Exactly one run per due time.

A due time's run is written under a key of its own before the schedule moves on; a host that crashes
in between, or another host on the same database, finds the key taken and only moves on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mooring.engine.ports import InstallationRepository, RunRepository, ScheduleRepository
from mooring.engine.schedule import parse_schedule
from mooring.errors import NotFound, ScheduleInvalid
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import JobSchedule, Run
from mooring.sdk.ports import LogPort

# A due time that nobody looked at for longer than this was missed, not merely late.
PUNCTUAL = timedelta(minutes=1)
FIRING = (
    InstallationState.INSTALLED,
    InstallationState.NEEDS_ATTENTION,
    InstallationState.UPGRADING,  # one of its versions serves all the time
)


def first_due(schedule: JobSchedule, now: datetime) -> datetime | None:
    """Return when a schedule fires first after ``now``. Raises ScheduleInvalid."""
    return parse_schedule(schedule.cron, timezone=schedule.timezone).next_after(now)


class Scheduler:
    """Turns due times into runs, by each schedule's overlap and missed policies."""

    def __init__(
        self,
        schedules: ScheduleRepository,
        *,
        runs: RunRepository,
        installations: InstallationRepository,
        log: LogPort,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._installations = installations
        self._log = log

    def tick(self, now: datetime) -> list[Run]:
        """Fire what is due, however long ago, once each; return the runs written."""
        fired = (self._fire(schedule, now) for schedule in self._schedules.due(now))
        return [run for run in fired if run is not None]

    def _fire(self, schedule: JobSchedule, now: datetime) -> Run | None:
        """Write the run of one schedule's due time, unless its policies say no, and move on."""
        due = schedule.next_at
        assert due is not None, "only a schedule with a next time is due"
        try:
            # From now on: of the due times that a stopped host or a jumping clock left behind,
            # none comes up again.
            next_at = first_due(schedule, max(now, due))
            installation = self._installations.get(schedule.install_id)
        except (ScheduleInvalid, NotFound) as error:
            self._note("error", "job.schedule.stopped", schedule, reason=str(error))
            self._schedules.advance(schedule, next_at=None)
            return None
        reason = self._against(schedule, installation, now - due)
        run = None if reason else self._write(schedule, installation, due)
        if self._schedules.advance(schedule, next_at=next_at) and reason:
            self._note("info", "job.schedule.skipped", schedule, reason=reason)
        if run is not None:
            self._note("info", "job.schedule.fired", schedule, run_id=run.run_id)
        return run

    def _against(
        self, schedule: JobSchedule, installation: Installation, late: timedelta
    ) -> str | None:
        """Return why this due time starts nothing, or None."""
        if installation.state not in FIRING:
            return f"the installation is {installation.state.value}"
        if schedule.missed == "skip" and late > PUNCTUAL:
            return f"missed by {int(late.total_seconds())} s"
        if schedule.overlap == "skip" and self._is_active(schedule):
            return "the job's last run has not ended"
        return None

    def _is_active(self, schedule: JobSchedule) -> bool:
        return bool(
            self._runs.recent(
                install_id=schedule.install_id, job=schedule.job, active=True, limit=1
            )
        )

    def _write(
        self, schedule: JobSchedule, installation: Installation, due: datetime
    ) -> Run | None:
        return self._runs.create(
            installation,
            schedule.job,
            schedule.parameters,
            scheduled_at=due,
            due_key=f"{schedule.install_id}/{schedule.job}/{due.isoformat()}",
        )

    def _note(self, level: str, event: str, schedule: JobSchedule, **fields: Any) -> None:
        about = {
            "install_id": schedule.install_id,
            "job": schedule.job,
            "cron": schedule.cron,
            "due_at": schedule.next_at.isoformat() if schedule.next_at else None,
        }
        self._log.log(level, event, {**about, **fields})
