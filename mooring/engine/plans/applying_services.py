"""What do services do in a run that applies a plan? Exactly what was planned, or nothing more.

A write that is not in the plan is not made, and ends the run; that is noted, so that nobody goes on
with it, whatever the job made of it. One that is made is noted with what its answer tells, so that
a run which goes on after a crash knows it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from mooring.engine.plans.outgoing import (
    Write,
    is_read,
    odp_write,
    rescheduled,
    triggered,
    write_of,
)
from mooring.engine.plans.planned_writes import PlannedWrites
from mooring.engine.ports import MadeWrites
from mooring.errors import NotPlanned, ServiceError
from mooring.model.amounts import counted
from mooring.model.plan import Plan
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
    T,
)


class Guard:
    """Lets the writes of a plan through, each as often as it is planned."""

    def __init__(self, plan: Plan, *, run_id: str, made: MadeWrites) -> None:
        before = made.made()
        known = {blank: value for told in before.values() for blank, value in told.items()}
        self._plan = plan
        self._planned = PlannedWrites(plan, run_id=run_id, known=known)
        self._made = made
        self._done = set(before)
        self._passed: Counter[str] = Counter()
        self._in_step: Counter[str] = Counter()
        self._noted = self._refused = made.refused()
        self._lock = threading.Lock()

    def made(self, write: Write, make: Callable[[], T], *, tells: Callable[[T], Any]) -> T:
        """Make a write that is planned. Raises NotPlanned for any other."""
        key = self._let_through(write)
        answer = make()
        with self._lock:
            self._made.add(key, self._planned.learned(key, tells(answer)))
            self._done.add(key)
        return answer

    @contextmanager
    def step(self) -> Iterator[None]:
        """Allow what a step made once more if it fails, for then it is repeated."""
        self._in_step = Counter()
        try:
            yield
        except BaseException:
            with self._lock:
                self._passed -= self._in_step
            raise

    def check_nothing_refused(self) -> None:
        """Raise NotPlanned if a write was refused, whatever the job made of that."""
        with self._lock:
            if self._refused:
                raise self._refusal(self._refused)

    def check_all_made(self) -> None:
        """Raise NotPlanned if the run came to its end without all that was planned."""
        self.check_nothing_refused()
        left = len(self._plan.writes.keys() - self._done)
        if left:
            raise NotPlanned(
                f"The job came to its end with {counted(left, 'write')} of the plan not made: "
                "the world moved while it ran.",
                hint=self._remedy,
            )

    def _let_through(self, write: Write) -> str:
        with self._lock:
            key = self._planned.found(write)
            if self._refused or key is None or self._passed[key] >= self._planned.count(key):
                # After one refusal nothing more is written, whatever the job makes of it.
                raise self._refusal(self._refused or self._reason(write, often=key is not None))
            self._passed[key] += 1
            self._in_step[key] += 1
        return key

    def _refusal(self, reason: str) -> NotPlanned:
        """Return why nothing more is written; it is noted first, and tried again if that fails."""
        self._refused = reason
        if self._noted is None:
            self._made.refuse(reason)
            self._noted = reason
        return NotPlanned(
            reason,
            hint=f"The world moved while the job ran. Look at what was made. {self._remedy}",
        )

    def _reason(self, write: Write, *, often: bool) -> str:
        """Say what was refused, as people's records and logs may hold it: without names in it."""
        service, action, target = write.kind
        made = len(self._done)
        return (
            f"{action} {service} {target} is not in the plan"
            f"{' so often' if often else ''}, and was not made; {counted(made, 'write')} of "
            f"{self._plan.total:,} {'was' if made == 1 else 'were'} made before."
        )

    @property
    def _remedy(self) -> str:
        return f"Make a new plan: mooring jobs trigger {self._plan.app_id} {self._plan.job} --plan"


class AppliedHttp:
    """An ``HttpPort`` that makes reads, and those writes that are planned."""

    def __init__(self, real: HttpPort, guard: Guard) -> None:
        self._real = real
        self._guard = guard

    def send(self, request: HttpRequest) -> HttpResponse:
        """Make a call. Raises NotPlanned, and what the real port raises."""
        if is_read(request):
            return self._real.send(request)
        return self._guard.made(write_of(request), lambda: self._real.send(request), tells=_json)


class AppliedOdp:
    """An ``OdpPort`` that makes those writes that are planned."""

    def __init__(self, real: OdpPort, guard: Guard) -> None:
        self._real = real
        self._guard = guard

    def upsert_customers(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows of customers."""
        write = odp_write("upsert_customers", "customers", rows)
        return self._guard.made(write, lambda: self._real.upsert_customers(rows), tells=_nothing)

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Append events."""
        write = odp_write("send_events", "events", events)
        return self._guard.made(write, lambda: self._real.send_events(events), tells=_nothing)

    def upsert_objects(self, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows of an object."""
        write = odp_write("upsert_objects", name, rows)
        return self._guard.made(
            write, lambda: self._real.upsert_objects(name, rows), tells=_nothing
        )

    def customer(self, identifier: str, value: str) -> Customer | None:
        """Return the customer with this identifier, if there is one."""
        return self._real.customer(identifier, value)

    def customers(self, *, after: str | None = None, limit: int = 1000) -> CustomerPage:
        """Walk all customers."""
        return self._real.customers(after=after, limit=limit)

    def objects(self, name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
        """Return rows of an object."""
        return self._real.objects(name, after=after, limit=limit)


class AppliedJobs:
    """A ``JobsPort`` that writes those runs and schedules that are planned."""

    def __init__(self, real: JobsPort, guard: Guard) -> None:
        self._real = real
        self._guard = guard

    def trigger(self, job: str, parameters: Mapping[str, Any] | None = None) -> JobDetail:
        """Write a run."""
        return self._guard.made(
            triggered(job, parameters),
            lambda: self._real.trigger(job, parameters),
            tells=lambda run: run.job_id,
        )

    def get_detail(self, job_id: str) -> JobDetail:
        """Return a run of this installation. Raises NotFound."""
        return self._real.get_detail(job_id)

    def active(self, job: str) -> list[JobDetail]:
        """Return the runs of a job that are not in a final state."""
        return self._real.active(job)

    def reschedule(self, job: str, cron: str | None, *, timezone: str = "UTC") -> datetime | None:
        """Set this installation's cron for a job."""
        return self._guard.made(
            rescheduled(job, cron, timezone),
            lambda: self._real.reschedule(job, cron, timezone=timezone),
            tells=_nothing,
        )


def _json(answer: HttpResponse) -> Any:
    """Return what an answer says, if it is JSON."""
    try:
        return answer.json()
    except ServiceError:
        return None


def _nothing(answer: object) -> None:
    """Learn nothing."""
