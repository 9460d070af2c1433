"""How does the log learn what was answered, without an answer waiting for the log?

Lines are noted as they come and written together by one thread, a few milliseconds later; observers
are told by the same thread. Nothing is lost when the server is told to stop.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TypeVar

from mooring.adapters.logs import Entry
from mooring.errors import MooringError
from mooring.hosting.host import Host
from mooring.web.directory import Target

GATHERS_FOR = 0.02  # seconds
MOST_AT_ONCE = 2000

T = TypeVar("T")
_Fields = dict[int, dict[str, str | int]]


class Journal:
    """What one server has to say about calls and deliveries."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._calls: deque[tuple[float, Target, int, float]] = deque()
        self._accepted: deque[tuple[float, Target, str, bool]] = deque()
        self._something = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()

    def answered(self, target: Target, status: int, *, took: float) -> None:
        """Note an answered call, which observers want to know of, too."""
        self._calls.append((time.time(), target, status, took))
        if not self._something.is_set():
            self._begin()

    def accepted(self, target: Target, delivery_id: str, *, repeated: bool) -> None:
        """Note a delivery that was accepted for later."""
        self._accepted.append((time.time(), target, delivery_id, repeated))
        if not self._something.is_set():
            self._begin()

    def close(self) -> None:
        """Write what is noted."""
        self._closing.set()
        self._something.set()
        if self._thread is not None:
            self._thread.join()
        self._write()

    def _begin(self) -> None:
        self._something.set()
        if self._thread is None:
            with self._turn:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._something.wait()
            self._closing.wait(GATHERS_FOR)
            self._something.clear()
            self._write()

    def _write(self) -> None:
        while accepted := _taken(self._accepted):
            about = _fields_of(target for _, target, _, _ in accepted)
            self._log([_acceptance(about, *one) for one in accepted])
        while calls := _taken(self._calls):
            about = _fields_of(target for _, target, _, _ in calls)
            entries = [_call(about, *one) for one in calls]
            self._log(entries)
            if self._host.plugins.hook.mooring_function_handled.get_hookimpls():
                for entry, (_, target, _, _) in zip(entries, calls, strict=True):
                    self._tell(entry, target)

    def _log(self, entries: Sequence[Entry]) -> None:
        try:
            self._host.log.log_all(entries)
        except MooringError as error:  # a full disk; there is no other place left to say it
            sys.stderr.write(f"{len(entries)} lines of the log are lost: {error}\n")

    def _tell(self, entry: Entry, target: Target) -> None:
        app, name = target.installation.app, target.entry.name
        plugins = self._host.plugins
        try:
            plugins.hook.mooring_function_handled(app=app, name=name, outcome=entry.own)
        except Exception as error:  # noqa: BLE001  # an observer's failure is nobody else's
            fields = {**entry.fields, **entry.own, "error": repr(error)}
            self._host.log.log("error", "observer.failed", fields)


def _taken(noted: deque[T]) -> list[T]:
    return [noted.popleft() for _ in range(min(len(noted), MOST_AT_ONCE))]


def _fields_of(targets: Iterable[Target]) -> _Fields:
    """Tell of each target once what its lines have in common."""
    return {id(target): target.log_fields for target in {id(t): t for t in targets}.values()}


def _call(about: _Fields, at: float, target: Target, status: int, took: float) -> Entry:
    own = {"status": status, "took_ms": round(took * 1000, 1)}
    return Entry(at, "info", "function.answered", about[id(target)], own)


def _acceptance(
    about: _Fields, at: float, target: Target, delivery_id: str, repeated: bool
) -> Entry:
    own: dict[str, bool | str] = {"delivery_id": delivery_id, "repeated": repeated}
    return Entry(at, "info", "delivery.accepted", about[id(target)], own)
