"""What is different for a job that plans, or that applies a plan? Nothing that its code can see.

Its class is derived from: one does not wait, the other is held to what was planned.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

from mooring.engine.plans.applying_services import Guard
from mooring.model.plan import Plan
from mooring.sdk.calling import MaybeAwaitable
from mooring.sdk.job import Job, JobInvocation, JobStatus


def without_waiting(job_class: type[Any]) -> type[Any]:
    """Return a class of jobs that do not sleep: what a plan would wait for does not happen."""
    base: type[Job] = job_class

    class Planning(base):  # type: ignore[valid-type, misc]  # a class that an app defines
        def sleep(self, seconds: float = 0, *, interruptible: bool | None = None) -> None:
            pass

        async def asleep(self, seconds: float = 0, *, interruptible: bool | None = None) -> None:
            pass

    return _named(Planning, job_class)


def applying(job_class: type[Any], plan: Plan, guard: Guard) -> type[Any]:
    """Return a class of jobs that run with the plan's parameters, and make all of its writes."""
    base: type[Job] = job_class

    class Applying(base):  # type: ignore[valid-type, misc]  # a class that an app defines
        def __init__(self, invocation: JobInvocation) -> None:
            super().__init__(
                replace(invocation, parameters=plan.parameters, planned_at=plan.made_at)
            )

        def prepare(
            self,
            params: Mapping[str, Any],
            status: JobStatus | None = None,
            resuming: bool = False,
        ) -> MaybeAwaitable[JobStatus]:
            with guard.step():
                found = super().prepare(plan.parameters, status, resuming)
                return _checked(found, guard)

        def perform(self, status: JobStatus) -> MaybeAwaitable[JobStatus]:
            with guard.step():
                return _checked(super().perform(status), guard)

    return _named(Applying, job_class)


def _checked(found: MaybeAwaitable[JobStatus], guard: Guard) -> MaybeAwaitable[JobStatus]:
    """Return a status; one that is complete needs all writes made. Raises NotPlanned.

    So it does for a write that was refused, which the job may have caught.
    """
    if inspect.isawaitable(found):
        return _awaited(found, guard)
    guard.check_nothing_refused()
    if getattr(found, "complete", False):  # what is no status is refused later
        guard.check_all_made()
    return found


async def _awaited(found: Awaitable[JobStatus], guard: Guard) -> JobStatus:
    with guard.step():
        status = await found
        _checked(status, guard)
        return status


def _named(made: type[Any], job_class: type[Any]) -> type[Any]:
    """Let what is said of the class, in logs and errors, name the app's own."""
    made.__name__, made.__qualname__ = job_class.__name__, job_class.__qualname__
    made.__module__, made.__doc__ = job_class.__module__, job_class.__doc__
    return made
