"""How is a process stopped at an exact place in a test? Each effect of a run goes through a fuse.

An effect is what outlives the process: a request, a write to a store or to ODP, a notification, a
trigger, a commit. Between two effects there is nothing to tell from outside where a process ended,
so cutting before each of them is cutting everywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, ParamSpec

from mooring.model.run import Run, RunStatus, Standing
from mooring.sdk.context import Invocation, Services
from mooring.sdk.ports import HttpRequest
from mooring.testing.driven_runs import MemoryRun

P = ParamSpec("P")

WHOLE_RECORDS = ("put", "patch", "delete")
EFFECTS: Mapping[str, Sequence[str]] = {
    "settings": WHOLE_RECORDS,
    "secrets": WHOLE_RECORDS,
    "kv_store": (*WHOLE_RECORDS, "patch_with_ttl", "edit", "put_many", "delete_many"),
    "shared_kv_store": (*WHOLE_RECORDS, "patch_with_ttl", "edit", "put_many", "delete_many"),
    "http": ("send",),
    "odp": ("upsert_customers", "send_events", "upsert_objects"),
    "jobs": ("trigger", "reschedule"),
    "notifications": ("add",),
    "dead_letters": ("set_aside", "handled"),
    "log": (),
}


class PowerCut(BaseException):
    """The process is gone; no app catches this, and if one did, nothing it does gets through."""


class Fuse:
    """Lets ``left`` effects pass (None: all of them) and none from then on."""

    def __init__(self, left: int | None = None) -> None:
        self._left = left
        self._lock = threading.Lock()
        self.passed: list[str] = []
        self.cut_before: str | None = None

    @property
    def place(self) -> str:
        """Where the power was cut, in words."""
        after = f"after {self.passed[-1]}, " if self.passed else ""
        return f"{after}before {self.cut_before}"

    def through(self, name: str, effect: Callable[..., Any], *given: Any, **options: Any) -> Any:
        """Let one effect happen. Raises PowerCut instead once the power is cut."""
        with self._lock:
            if self.cut_before is None and len(self.passed) == self._left:
                self.cut_before = name
            if self.cut_before is not None:
                raise PowerCut(self.place)
            self.passed.append(name)
        return effect(*given, **options)


def fused(invocation: Invocation, fuse: Fuse) -> Invocation:
    """Return the invocation with every effect of its services behind the fuse."""
    services = invocation.services
    known = {each.name for each in fields(Services)} & EFFECTS.keys()
    wired: dict[str, Any] = {
        name: _FusedService(getattr(services, name), fuse, name) for name in known
    }
    return replace(invocation, services=replace(services, **wired))


class _FusedService:
    """A service whose effects go through a fuse; what only reads does not."""

    def __init__(self, service: Any, fuse: Fuse, name: str) -> None:
        self._service = service
        self._fuse = fuse
        self._name = name

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._service, method)
        if method not in EFFECTS[self._name]:
            return found
        return lambda *given, **options: self._fuse.through(
            _named(self._name, method, given or _told(options)), found, *given, **options
        )

    def log(self, level: str, event: str, about: Mapping[str, Any]) -> None:
        """Log, while there is power."""
        if self._fuse.cut_before is None:
            self._service.log(level, event, about)


def _told(options: Mapping[str, Any]) -> Sequence[Any]:
    """Return what tells an effect from others that is given by name alone."""
    return [options[name] for name in ("key", "keys") if name in options]


def _named(service: str, method: str, given: Sequence[Any]) -> str:
    """Name an effect as its author would: what was done to what."""
    about = given[0] if given else ""
    if isinstance(about, HttpRequest):
        return f"{about.method} {about.url.partition('?')[0]}"
    if isinstance(about, (Mapping, list, tuple)):
        return f"{service}.{method} of {len(about)}"
    return f"{service}.{method} {about}"


class FusedRun:
    """The commits of a run behind a fuse (engine.ports.DrivenRuns)."""

    def __init__(self, run: MemoryRun, fuse: Fuse) -> None:
        self._run = run
        self._fuse = fuse

    def get(self, run_id: str) -> Run:
        """Return the run, which is no effect."""
        return self._run.get(run_id)

    def commit_prepared(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Keep where it begins."""
        return self._through("the commit of prepare", self._run.commit_prepared)(
            run, stands, now=now
        )

    def commit_step(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Keep where it stands after a step."""
        name = f"the commit of {self._step}"
        return self._through(name, self._run.commit_step)(run, stands, now=now)

    def complete(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Keep where it stands after the last step and end the run in one."""
        name = f"the commit of {self._step}, the last"
        return self._through(name, self._run.complete)(run, stands, now=now)

    def postpone(
        self,
        run: Run,
        *,
        until: datetime,
        error: str | None,
        attempt: int,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """Give the run back."""
        return self._through(f"the postponement of {self._step}", self._run.postpone)(
            run, until=until, error=error, attempt=attempt, statistics=statistics
        )

    def finish(
        self,
        run: Run,
        status: RunStatus,
        *,
        now: datetime,
        error: str | None = None,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """End the run."""
        return self._through("the end of the run", self._run.finish)(
            run, status, now=now, error=error, statistics=statistics
        )

    @property
    def _step(self) -> str:
        return f"step {self._run.row.steps + 1}"

    def _through(self, name: str, write: Callable[P, Run]) -> Callable[P, Run]:
        def fused_write(*given: P.args, **options: P.kwargs) -> Run:
            written: Run = self._fuse.through(name, write, *given, **options)
            return written

        return fused_write
