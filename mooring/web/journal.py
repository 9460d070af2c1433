"""How does the log learn what was answered, without an answer waiting for the log?

Lines are noted as they come and written together by one thread, a few milliseconds later; observers
are told by the same thread. Nothing is lost when the server is told to stop.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Mapping

from mooring.adapters.logs import Entry
from mooring.errors import MooringError
from mooring.host import Host
from mooring.web.directory import Target

GATHERS_FOR = 0.02  # seconds
MOST_AT_ONCE = 2000


class Journal:
    """What one server has to say about calls and deliveries."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._noted: deque[tuple[Entry, Target | None]] = deque()
        self._something = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()

    def answered(self, target: Target, status: int, *, took: float) -> None:
        """Note an answered call, which observers want to know of, too."""
        own = {"status": status, "took_ms": round(took * 1000, 1)}
        self._note("function.answered", target.log_fields, own, target)

    def note(self, event: str, fields: Mapping[str, object], own: Mapping[str, bool | str]) -> None:
        """Note something else; ``own`` is of the host's making and holds no secret."""
        self._note(event, fields, own, None)

    def close(self) -> None:
        """Write what is noted."""
        self._closing.set()
        self._something.set()
        if self._thread is not None:
            self._thread.join()
        self._write()

    def _note(
        self,
        event: str,
        fields: Mapping[str, object],
        own: Mapping[str, bool | float | str],
        target: Target | None,
    ) -> None:
        self._noted.append((Entry(time.time(), "info", event, fields, own), target))
        if not self._something.is_set():
            self._begin()

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
        while self._noted:
            count = min(len(self._noted), MOST_AT_ONCE)
            taken = [self._noted.popleft() for _ in range(count)]
            try:
                self._host.log.log_all(entry for entry, _ in taken)
            except MooringError as error:  # a full disk; there is no other place left to say it
                sys.stderr.write(f"{count} lines of the log are lost: {error}\n")
            if self._host.plugins.hook.mooring_function_handled.get_hookimpls():
                self._tell_observers(taken)

    def _tell_observers(self, taken: list[tuple[Entry, Target | None]]) -> None:
        for entry, target in taken:
            if target is not None:
                self._tell(entry, target)

    def _tell(self, entry: Entry, target: Target) -> None:
        app, name = target.installation.app, target.entry.name
        hook = self._host.plugins.hook.mooring_function_handled
        try:
            hook(app=app, name=name, outcome=entry.own)
        except Exception as error:  # noqa: BLE001  # an observer's failure is nobody else's
            fields = {**entry.fields, **entry.own, "error": repr(error)}
            self._host.log.log("error", "observer.failed", fields)
