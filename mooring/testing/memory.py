"""What does an app run against in a test? A whole installation in memory."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mooring.engine.parameters import merged
from mooring.errors import NotFound
from mooring.model.manifest import JobEntry
from mooring.model.notification import Level, fitted
from mooring.sdk.context import AppContext, Invocation, Services
from mooring.sdk.ports import JobDetail
from mooring.testing.clock import FakeClock
from mooring.testing.memory_dead_letters import MemoryDeadLetters
from mooring.testing.memory_http import RecordingHttp
from mooring.testing.memory_oauth import MemoryOAuth
from mooring.testing.memory_odp import MemoryOdp
from mooring.testing.memory_stores import MemoryKeyValueStore, MemoryRecords, MemoryRecordStore

FINAL = frozenset({"COMPLETE", "ERROR", "TERMINATED"})


class MemoryJobs:
    """A ``JobsPort`` that notes what was triggered; ``finish`` plays the worker."""

    def __init__(self, *, jobs: Sequence[str] | None = None) -> None:
        self._jobs = jobs
        self.runs: dict[str, JobDetail] = {}
        self.crons: dict[str, tuple[str | None, str]] = {}

    def trigger(self, job: str, parameters: Mapping[str, Any] | None = None) -> JobDetail:
        """Note a PENDING run. Raises NotFound for a job that was not named at construction.

        Raises UsageError, as a host does, for parameters that no run can have.
        """
        self._check(job)
        run = JobDetail(
            job_id=str(uuid.uuid4()),
            job=job,
            status="PENDING",
            parameters=merged(JobEntry(job, job, ""), parameters),
            state={},
            errors="",
            started_at=None,
            completed_at=None,
        )
        self.runs[run.job_id] = run
        return run

    def finish(self, job_id: str, status: str = "COMPLETE", *, errors: str = "") -> None:
        """Let a run end."""
        self.runs[job_id] = replace(self.get_detail(job_id), status=status, errors=errors)

    def get_detail(self, job_id: str) -> JobDetail:
        """Return a run. Raises NotFound."""
        try:
            return self.runs[job_id]
        except KeyError:
            raise NotFound(f"There is no run {job_id}.") from None

    def active(self, job: str) -> list[JobDetail]:
        """Return the runs of a job that are not in a final state."""
        return [run for run in self.runs.values() if run.job == job and run.status not in FINAL]

    def reschedule(self, job: str, cron: str | None, *, timezone: str = "UTC") -> datetime | None:
        """Note the cron of a job in ``crons``; the next time is not computed, so it is None."""
        self._check(job)
        self.crons[job] = (cron, timezone)
        return None

    def _check(self, job: str) -> None:
        if self._jobs is not None and job not in self._jobs:
            known = ", ".join(sorted(self._jobs)) or "none"
            raise NotFound(f"There is no job {job}.", hint=f"It has: {known}.")


class MemoryFunctions:
    """A ``FunctionsPort`` over addresses that the test names."""

    def __init__(
        self,
        *,
        install_id: int = 1,
        endpoints: Mapping[str, str] | None = None,
        global_endpoints: Mapping[str, str] | None = None,
        authorization_grant_url: str = "http://127.0.0.1:8080/oauth/test_app/callback",
    ) -> None:
        self._endpoints = {install_id: dict(endpoints or {})}
        self._install_id = install_id
        self._global_endpoints = dict(global_endpoints or {})
        self._authorization_grant_url = authorization_grant_url

    def get_endpoints(self, install_id: int | None = None) -> dict[str, str]:
        """Map function names to URLs. Raises NotFound for an installation nobody named."""
        wanted = self._install_id if install_id is None else install_id
        if wanted not in self._endpoints:
            raise NotFound(f"This app has no installation {wanted}.")
        return dict(self._endpoints[wanted])

    def get_global_endpoints(self) -> dict[str, str]:
        """Map global function names to URLs."""
        return dict(self._global_endpoints)

    def get_authorization_grant_url(self) -> str:
        """Return the OAuth callback address."""
        return self._authorization_grant_url


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that the app logged."""

    level: str
    event: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One entry that the app told the people whose account it is."""

    level: Level
    activity: str
    title: str
    summary: str
    details: str | None = None


class MemoryNotifications:
    """A ``NotificationsPort`` that keeps its entries, cut as the host cuts them."""

    def __init__(self) -> None:
        self.entries: list[Told] = []

    def add(
        self, level: Level, activity: str, title: str, summary: str, details: str | None = None
    ) -> None:
        """Keep one entry."""
        given = {"activity": activity, "title": title, "summary": summary}
        texts = {part: fitted(part, text.strip()) for part, text in given.items()}
        more = None if details is None else fitted("details", str(details).strip())
        self.entries.append(Told(level, **texts, details=more))

    def one(self, *, level: Level | None = None, activity: str | None = None) -> Told:
        """Return the only entry of this level and activity; fail, showing all, if it is not one."""
        found = [
            told
            for told in self.entries
            if level in (None, told.level) and activity in (None, told.activity)
        ]
        if len(found) != 1:
            shown = "".join(f"\n  {told}" for told in self.entries) or " nothing"
            wanted = " ".join(filter(None, [level, activity])) or "entry"
            raise AssertionError(f"{len(found)} of {wanted}, not one; told was:{shown}")
        return found[0]


class MemoryLog:
    """A ``LogPort`` that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []

    def log(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        """Keep one line."""
        self.lines.append(LogLine(level, event, dict(fields)))


@dataclass(frozen=True)
class MemoryApp:
    """The services of one installation, as what they are, and the Invocation made of them."""

    clock: FakeClock
    http: RecordingHttp
    odp: MemoryOdp
    jobs: MemoryJobs
    functions: MemoryFunctions
    notifications: MemoryNotifications
    oauth: MemoryOAuth
    log: MemoryLog
    environment: dict[str, str]
    dead_letters: MemoryDeadLetters
    records: MemoryRecords = field(repr=False)
    invocation: Invocation = field(repr=False)


def memory_app(
    *,
    app_id: str = "test_app",
    install_id: int = 1,
    environment: Mapping[str, str] | None = None,
    http: RecordingHttp | None = None,
    odp: MemoryOdp | None = None,
    jobs: MemoryJobs | None = None,
    functions: MemoryFunctions | None = None,
) -> MemoryApp:
    """Make an installation in memory; ``install_id=0`` makes the context of a global function."""
    clock, log, values = FakeClock(), MemoryLog(), dict(environment or {})
    records = MemoryRecords(clock)
    owner = f"install/{install_id}"
    services = Services(
        settings=MemoryRecordStore(records, owner=f"{owner}/settings"),
        secrets=MemoryRecordStore(records, owner=f"{owner}/secrets"),
        kv_store=MemoryKeyValueStore(records, owner=f"{owner}/kv"),
        shared_kv_store=MemoryKeyValueStore(records, owner=f"app/{app_id}/kv"),
        http=(http := http or RecordingHttp()),
        odp=(odp := odp or MemoryOdp()),
        jobs=(jobs := jobs or MemoryJobs()),
        functions=(functions := functions or MemoryFunctions(install_id=install_id)),
        notifications=(notifications := MemoryNotifications()),
        oauth=(
            oauth := MemoryOAuth(
                app_id=app_id,
                install_id=install_id,
                redirect_uri=functions.get_authorization_grant_url,
                clock=clock,
            )
        ),
        log=log,
        clock=clock,
        dead_letters=(letters := MemoryDeadLetters(clock, install_id=install_id)),
        environment=values,
    )
    context = AppContext(app_id, "1.0.0", "local", install_id, "test")
    invocation = Invocation(context, services)
    return MemoryApp(
        *(clock, http, odp, jobs, functions, notifications, oauth, log, values),
        *(letters, records, invocation),
    )
