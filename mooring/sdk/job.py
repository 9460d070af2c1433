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
from mooring.sdk.context import current
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
    """Long work in steps. Steps are at-least-once: an interrupted one is repeated."""

    _interruptible = False

    def __init__(self, invocation: JobInvocation) -> None:
        self.invocation = invocation

    @abstractmethod
    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> MaybeAwaitable[JobStatus]:
        """Return the first status; when ``resuming``, normally ``status``, the last committed."""

    @abstractmethod
    def perform(self, status: JobStatus) -> MaybeAwaitable[JobStatus]:
        """Do one step, well under 60 seconds, and return the new status."""

    @property
    def is_interruptible(self) -> bool:
        """Whether the host may stop this run right now, in the middle of a step."""
        return self._interruptible

    def sleep(self, seconds: float = 0, *, interruptible: bool | None = None) -> None:
        """Wait; with ``interruptible`` the host may stop the run meanwhile."""
        refuse_on_loop("self.sleep")
        with self._marked(interruptible):
            current().services.clock.sleep(seconds)

    async def asleep(self, seconds: float = 0, *, interruptible: bool | None = None) -> None:
        """Wait without holding up the event loop."""
        await asyncio.to_thread(self.sleep, seconds, interruptible=interruptible)

    def perform_interruptible_task(self, task: Callable[[], T]) -> T:
        """Run ``task`` while the host may stop the run; what it does must be repeatable."""
        with self._marked(True):
            return task()

    async def aperform_interruptible_task(self, task: Callable[[], Awaitable[T]]) -> T:
        """Await ``task`` while the host may stop the run; what it does must be repeatable."""
        with self._marked(True):
            return await task()

    @contextmanager
    def _marked(self, interruptible: bool | None) -> Iterator[None]:
        before = self._interruptible
        if interruptible is not None:
            self._interruptible = interruptible
        try:
            yield
        finally:
            self._interruptible = before
