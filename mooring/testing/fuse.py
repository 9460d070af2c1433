"""How is a process stopped at an exact place in a test? Each effect of a run goes through a fuse.

An effect is what outlives the process: a request, a write to a store or to ODP, a notification, a
trigger, a commit. Between two effects there is nothing to tell from outside where a process ended,
so cutting before each of them is cutting everywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from mooring.sdk.context import Invocation, Services
from mooring.sdk.ports import HttpRequest
from mooring.testing.driven_runs import MemoryRun

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
    """The commits of a run behind a fuse."""

    def __init__(self, run: MemoryRun, fuse: Fuse) -> None:
        self._run = run
        self._fuse = fuse

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._run, method)
        if method == "get":
            return found
        name = self._named(method)
        return lambda *given, **options: self._fuse.through(name, found, *given, **options)

    def _named(self, method: str) -> str:
        step = f"step {self._run.row.steps + 1}"
        names = {
            "commit_prepared": "the commit of prepare",
            "commit_step": f"the commit of {step}",
            "complete": f"the commit of {step}, the last",
            "postpone": f"the postponement of {step}",
            "finish": "the end of the run",
        }
        return names.get(method, method)
