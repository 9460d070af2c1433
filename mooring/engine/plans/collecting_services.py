"""What do services do in a plan? Reads are real, and noted; writes are collected and answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mooring.engine.plans.collecting import Collector
from mooring.engine.plans.outgoing import (
    BLANK_TEXT,
    ODP,
    digest,
    digest_of_bytes,
    is_read,
    odp_write,
    read_name,
    rescheduled,
    triggered,
    write_of,
)
from mooring.errors import NotFound
from mooring.model.dead_letter import DeadLetter
from mooring.model.notification import Level
from mooring.sdk.dead_letters import DeadLettersPort, checked_letter
from mooring.sdk.ports import (
    Customer,
    CustomerPage,
    HttpPort,
    HttpRequest,
    HttpResponse,
    JobDetail,
    JobsPort,
    OdpPort,
    Record,
)

ACCEPTED = 202
"""What is answered without ``planned``: the request was taken, and nothing was done yet."""


class PlannedHttp:
    """An ``HttpPort`` that makes reads and collects writes.

    ``check`` refuses what the real one would not send.
    """

    def __init__(
        self, real: HttpPort, collector: Collector, *, check: Callable[[HttpRequest], None]
    ) -> None:
        self._real = real
        self._collector = collector
        self._check = check

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return a real answer to a read, and to a write what the app plans with."""
        if not is_read(request):
            self._check(request)
            self._collector.collect(write_of(request))
            return _answer(request)
        if request.planned is not None:
            self._check(request)
            return _answer(request)
        answer = self._real.send(request)
        if not request.volatile:
            found = digest_of_bytes(str(answer.status).encode(), answer.body)
            self._collector.read(read_name(request), found)
        return answer


class PlannedOdp:
    """An ``OdpPort`` that shows what is there, and not what the plan would add."""

    def __init__(self, real: OdpPort, collector: Collector) -> None:
        self._real = real
        self._collector = collector

    def upsert_customers(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Collect rows of customers."""
        return self._collected("upsert_customers", "customers", rows)

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Collect events."""
        return self._collected("send_events", "events", events)

    def upsert_objects(self, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Collect rows of an object."""
        return self._collected("upsert_objects", name, rows)

    def customer(self, identifier: str, value: str) -> Customer | None:
        """Return the customer with this identifier, if there is one."""
        found = self._real.customer(identifier, value)
        said = None if found is None else [found.customer_id, dict(found.attributes)]
        self._collector.read(f"{ODP} customer {identifier}={value}", digest(said))
        return found

    def customers(self, *, after: str | None = None, limit: int = 1000) -> CustomerPage:
        """Walk all customers."""
        found = self._real.customers(after=after, limit=limit)
        said = [[each.customer_id, dict(each.attributes)] for each in found.customers]
        self._collector.read(f"{ODP} customers after {after} ({limit})", digest(said))
        return found

    def objects(self, name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
        """Return rows of an object."""
        found = self._real.objects(name, after=after, limit=limit)
        self._collector.read(f"{ODP} {name} after {after} ({limit})", digest(found))
        return found

    def _collected(self, action: str, target: str, rows: Sequence[Mapping[str, Any]]) -> int:
        self._collector.collect(odp_write(action, target, rows))
        return len(rows)


class PlannedJobs:
    """A ``JobsPort`` whose runs never run; ``reckon`` checks a cron and says when it is next due.

    ``check`` refuses jobs that the app does not have, and parameters that they do not take.
    """

    def __init__(
        self,
        real: JobsPort,
        collector: Collector,
        *,
        check: Callable[[str, Mapping[str, Any] | None], object],
        reckon: Callable[[str, str | None, str], datetime | None],
    ) -> None:
        self._real = real
        self._collector = collector
        self._check = check
        self._reckon = reckon
        self._runs: dict[str, JobDetail] = {}

    def trigger(self, job: str, parameters: Mapping[str, Any] | None = None) -> JobDetail:
        """Collect a run; its id stands for the real one's. Raises NotFound and UsageError."""
        self._check(job, parameters)
        run_id = f"{BLANK_TEXT}-run-{len(self._runs) + 1}"
        run = JobDetail(run_id, job, "PENDING", dict(parameters or {}), {}, "", None, None)
        self._runs[run_id] = run
        self._collector.collect(triggered(job, parameters, answer=run_id))
        return run

    def get_detail(self, job_id: str) -> JobDetail:
        """Return a run of this installation. Raises NotFound."""
        if job_id.startswith(BLANK_TEXT):
            if job_id not in self._runs:
                raise NotFound(f"There is no run {job_id}.")
            return self._runs[job_id]
        return self._real.get_detail(job_id)

    def active(self, job: str) -> list[JobDetail]:
        """Return the runs of a job that are not in a final state."""
        planned = [run for run in self._runs.values() if run.job == job]
        return [*self._real.active(job), *planned]

    def reschedule(self, job: str, cron: str | None, *, timezone: str = "UTC") -> datetime | None:
        """Collect a schedule; return the next time. Raises ScheduleInvalid."""
        self._check(job, None)
        next_at = self._reckon(job, cron, timezone)
        self._collector.collect(rescheduled(job, cron, timezone))
        return next_at


class PlannedNotifications:
    """Shows in the plan what people would be told."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def add(
        self, level: Level, activity: str, title: str, summary: str, details: str | None = None
    ) -> None:
        """Note one entry."""
        self._collector.tell(
            {"level": level, "activity": activity, "title": title, "summary": summary}
        )


class PlannedLetters:
    """A shelf on which nothing is put: a plan tells what would be written, not what would fail."""

    def __init__(self, real: DeadLettersPort) -> None:
        self._real = real

    def set_aside(
        self, *, job: str, run_id: str, key: str, record: Mapping[str, Any], reason: str
    ) -> None:
        """Check a record as the real one does. Raises RecordInvalid."""
        checked_letter(key, record, reason, hide=str)

    def handled(self, *, job: str, keys: Sequence[str]) -> int:
        """Return how many letters would be forgotten."""
        return len(self._real.of(job=job, keys=keys))

    def of(self, *, job: str, keys: Sequence[str]) -> dict[str, DeadLetter]:
        """Return those that are kept among these keys."""
        return self._real.of(job=job, keys=keys)

    def asked_of(self, *, job: str, run_id: str, limit: int) -> list[DeadLetter]:
        """Return those that this run is to handle once more."""
        return self._real.asked_of(job=job, run_id=run_id, limit=limit)


def _answer(request: HttpRequest) -> HttpResponse:
    headers = {"content-type": "application/json"}
    url = request.url.partition("?")[0]
    if request.planned is None:
        return HttpResponse(ACCEPTED, headers, b"{}", url)
    return HttpResponse(200, headers, json.dumps(request.planned).encode(), url)
