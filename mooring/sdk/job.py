"""What is a job? ``prepare`` once, then ``perform`` step by step until the status is complete."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from mooring.sdk.calling import MaybeAwaitable, refuse_on_loop
from mooring.sdk.context import current, present
from mooring.sdk.interruption import UNINTERRUPTED, Interruption
from mooring.sdk.setting_aside import SetsAside

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobInvocation:
    """One run of a job; ``job_id`` stays the same over retries and resumptions.

    ``planned_at`` is when the plan was made that the run makes or applies: what is written with
    the run's time takes this one, so that both write the same.
    """

    job_id: str
    scheduled_at: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, for whoever looks: ``done`` of ``total`` (None: nobody knows) units.

    ``unit`` is a word in the plural (``contacts``), ``message`` says what is being done at present.
    """

    done: int
    total: int | None = None
    unit: str = ""
    message: str = ""


@dataclass(slots=True)
class JobStatus:
    """Where a run stands, committed after every step.

    ``state`` is a map of JSON values of at most 8 MB, and all that the next step is given;
    ``progress`` is for people.
    """

    state: dict[str, Any] = field(default_factory=dict)
    complete: bool = False
    progress: Progress | None = None


class Job(SetsAside, ABC):
    """Long work in steps.

    Steps are at-least-once: one that is interrupted, by a crash or by the host, is repeated from
    the state that was committed before it. What a step raises decides what becomes of the run
    (``sdk.errors``; docs/how-to/write-a-job.md).
    """

    _interruptible = False

    def __init__(self, invocation: JobInvocation) -> None:
        self.invocation = invocation

    @abstractmethod
    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> MaybeAwaitable[JobStatus]:
        """Return the status to begin with.

        Called once for a new run, and again by each process that goes on with it: ``resuming`` is
        true then, ``status`` what was committed last, and the answer normally that status.
        """

    @abstractmethod
    def perform(self, status: JobStatus) -> MaybeAwaitable[JobStatus]:
        """Do one step, well under 60 seconds, and return the new status.

        It is committed before the next step begins, in which ``status`` is what this one returned.
        After 60 seconds there is a warning, after 600 the worker is given up, unless the job is
        interruptible; a run that costs three workers in one step ends in ERROR.
        """

    @property
    def is_interruptible(self) -> bool:
        """Whether the host may stop this run right now, in the middle of a step.

        It does so when somebody terminates the run, and when the worker stops.
        """
        return self._interruptible

    def sleep(self, seconds: float = 0, *, interruptible: bool | None = None) -> None:
        """Wait; with ``interruptible`` the host may stop the run meanwhile.

        It counts as part of the step, whose limits hold: for hours, let a schedule begin a new run.
        """
        refuse_on_loop("self.sleep")
        with self._marked(interruptible):
            current().services.clock.sleep(seconds)

    async def asleep(self, seconds: float = 0, *, interruptible: bool | None = None) -> None:
        """Wait without holding up the event loop."""
        await asyncio.to_thread(self.sleep, seconds, interruptible=interruptible)

    def perform_interruptible_task(self, task: Callable[[], T]) -> T:
        """Run ``task`` while the host may stop the run; what it does must be repeatable.

        When the host does, the services of this run raise ``Interrupted``, which is no Exception,
        and whatever ``task`` still does by other means comes to nothing.
        """
        with self._marked(True):
            return task()

    async def aperform_interruptible_task(self, task: Callable[[], Awaitable[T]]) -> T:
        """Await ``task``, which is cancelled when the host stops the run meanwhile."""
        with self._marked(True) as interruption:
            running = asyncio.ensure_future(task())
            loop = asyncio.get_running_loop()
            forget = interruption.when_told(lambda: loop.call_soon_threadsafe(running.cancel))
            try:
                return await running
            except asyncio.CancelledError:
                interruption.check()
                raise
            finally:
                forget()

    @contextmanager
    def _marked(self, interruptible: bool | None) -> Iterator[Interruption]:
        """Be interruptible in the body, or not; what was told before or in it is raised here."""
        call = present()
        interruption = call.interruption if call else UNINTERRUPTED
        before = self._interruptible
        with interruption.guard:
            interruption.check()
            self._interruptible = before if interruptible is None else interruptible
        try:
            yield interruption
        finally:
            with interruption.guard:
                self._interruptible = before
                interruption.check()
