"""What do ``jobs``, ``functions`` and ``notifications`` of the SDK mean for one installation?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mooring.engine.parameters import merged
from mooring.engine.ports import (
    InstallationRepository,
    NotificationRepository,
    RunRepository,
    ScheduleRepository,
)
from mooring.engine.scheduler import first_due
from mooring.errors import NotFound
from mooring.model.installation import Installation, InstallationState
from mooring.model.manifest import FunctionEntry, JobEntry, Manifest
from mooring.model.notification import Level
from mooring.model.run import JobSchedule, Run
from mooring.sdk.ports import MANIFEST_CRON, Clock, JobDetail


class InstallationJobs:
    """Runs and schedules of one installation (the SDK's ``jobs``)."""

    def __init__(
        self,
        installation: Installation,
        manifest: Manifest,
        *,
        runs: RunRepository,
        schedules: ScheduleRepository,
        clock: Clock,
    ) -> None:
        self._installation = installation
        self._manifest = manifest
        self._runs = runs
        self._schedules = schedules
        self._clock = clock

    def trigger(
        self,
        job: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        reserved: Mapping[str, Any] | None = None,
    ) -> JobDetail:
        """Write a run; a worker picks it up within a second. Raises NotFound and UsageError.

        ``reserved`` are parameters that the host alone gives.
        """
        declared = self.declared(job)
        run = self._runs.create(
            self._installation,
            job,
            {**merged(declared, parameters), **(reserved or {})},
            scheduled_at=self._clock.now(),
        )
        assert run is not None, "only a due_key can make create() decline"
        return _detail(run)

    def get_detail(self, job_id: str) -> JobDetail:
        """Return a run of this installation. Raises NotFound, also for somebody else's run."""
        run = self._runs.get(job_id)
        if run.install_id != self._installation.install_id:
            raise NotFound(f"There is no run {job_id}.", hint="`mooring jobs list` shows them.")
        return _detail(run)

    def active(self, job: str) -> list[JobDetail]:
        """Return the runs of a job that are not in a final state."""
        runs = self._runs.recent(install_id=self._installation.install_id, job=job, active=True)
        return [_detail(run) for run in runs]

    def reschedule(self, job: str, cron: str | None, *, timezone: str = "UTC") -> datetime | None:
        """Set this installation's cron for a job; None switches it off. Raises ScheduleInvalid."""
        declared = self.declared(job)
        if cron == MANIFEST_CRON and declared.cron is None:
            self._schedules.remove(self._installation.install_id, jobs=[job])
            return None
        schedule = self._schedule(declared, job, cron, timezone)
        self._schedules.put(schedule)
        return schedule.next_at

    def reckoned(self, job: str, cron: str | None, timezone: str) -> datetime | None:
        """Return what ``reschedule`` would, and change nothing. Raises ScheduleInvalid."""
        declared = self.declared(job)
        if cron == MANIFEST_CRON and declared.cron is None:
            return None
        return self._schedule(declared, job, cron, timezone).next_at

    def _schedule(
        self, declared: JobEntry, job: str, cron: str | None, timezone: str
    ) -> JobSchedule:
        """Return the schedule of a job with another cron, and with its next time."""
        if cron == MANIFEST_CRON:
            cron, timezone = declared.cron, declared.timezone
        schedule = JobSchedule(
            install_id=self._installation.install_id,
            job=job,
            cron=(declared.cron if cron is None else cron) or "",
            timezone=timezone,
            overlap=declared.overlap,
            missed=declared.missed,
            jitter=declared.jitter,
            parameters=declared.parameters,
        )
        return replace(schedule, next_at=None if cron is None else self._next(schedule))

    def _next(self, schedule: JobSchedule) -> datetime | None:
        """Find the next time; one that is due this moment is not lost to the same cron again."""
        found = first_due(schedule, self._clock.now())
        present = self._schedules.get(schedule.install_id, schedule.job)
        if present is None or present.next_at is None:
            return found
        same = replace(schedule, next_at=present.next_at, parameters=present.parameters)
        return present.next_at if same == present else found

    def declared(self, job: str) -> JobEntry:
        """Return what the manifest says of a job. Raises NotFound naming those there are."""
        try:
            return self._manifest.jobs[job]
        except KeyError:
            raise NotFound(
                f"{self._installation.app_id} has no job {job}.",
                hint=f"It has: {', '.join(sorted(self._manifest.jobs)) or 'none'}.",
            ) from None


class InstallationNotifications:
    """What one installation tells the people whose account it is (the SDK's ``notifications``)."""

    def __init__(
        self, installation: Installation, *, notifications: NotificationRepository
    ) -> None:
        self._installation = installation
        self._notifications = notifications

    def add(
        self, level: Level, activity: str, title: str, summary: str, details: str | None = None
    ) -> None:
        """Keep one entry."""
        self._notifications.add(self._installation, level, activity, title, summary, details)


class InstallationFunctions:
    """Addresses of one installation's functions (the SDK's ``functions``)."""

    def __init__(
        self,
        installation: Installation,
        manifest: Manifest,
        *,
        installations: InstallationRepository,
        public_url: Callable[[], str],
    ) -> None:
        self._installation = installation
        self._manifest = manifest
        self._installations = installations
        self._public_url = public_url

    def get_endpoints(self, install_id: int | None = None) -> dict[str, str]:
        """Map function names to absolute URLs. Raises NotFound for another app's installation."""
        wanted = self._installation.install_id if install_id is None else install_id
        if wanted != self._installation.install_id:
            self._check_is_of_this_app(wanted)
        urls = self._at_one_address(lambda function: function.resolved_by is not None)
        base = self._public_url()
        for e in self._installations.endpoints(wanted):
            if (declared := self._manifest.functions.get(e.function)) and not declared.has_address:
                continue
            # Where all accounts have one address, it counts, and a former one of its own does not.
            urls.setdefault(e.function, f"{base}/functions/{e.app_id}/{e.function}/{e.uuid}")
        return dict(sorted(urls.items()))

    def get_global_endpoints(self) -> dict[str, str]:
        """Map global function names to absolute URLs."""
        return self._at_one_address(lambda function: function.is_global)

    def _at_one_address(self, wanted: Callable[[FunctionEntry], bool]) -> dict[str, str]:
        base = f"{self._public_url()}/functions/{self._installation.app_id}"
        functions = sorted(self._manifest.functions.items())
        return {name: f"{base}/{name}" for name, function in functions if wanted(function)}

    def _check_is_of_this_app(self, install_id: int) -> None:
        try:
            other = self._installations.get(install_id)
        except NotFound:
            other = None
        if (
            other is None
            or other.state is InstallationState.UNINSTALLED
            or other.app_id != self._installation.app_id
        ):
            raise NotFound(f"This app has no installation {install_id}.")

    def get_authorization_grant_url(self) -> str:
        """Return the OAuth callback address of this app."""
        return f"{self._public_url()}/oauth/{self._installation.app_id}/callback"


def _detail(run: Run) -> JobDetail:
    return JobDetail(
        job_id=run.run_id,
        job=run.job,
        status=run.status.value,
        parameters=run.parameters,
        state=run.state,
        errors=run.error or "",
        started_at=run.started_at,
        completed_at=run.completed_at,
    )
