"""How does a process that runs for long notice what others do to the secrets?

A secret that is set elsewhere has to be hidden here too, also before anybody reads it; and after a
rotation the new master key has to be had before the former one opens nothing any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mooring.errors import MooringError
from mooring.sdk.ports import LogPort

LOOK_EVERY = 0.5  # seconds
TIDY_EVERY = 60.0


@contextmanager
def watching(
    look: Callable[[], object],
    *,
    tidy: Callable[[], object],
    log: Callable[[], LogPort],
    look_every: float = LOOK_EVERY,
    tidy_every: float = TIDY_EVERY,
) -> Iterator[None]:
    """Look at once, then again and again meanwhile; what goes wrong later is logged, once.

    Raises SecretStoreUnusable when the first look finds a store that does not open.
    """
    look()
    stop = threading.Event()
    watch = _Watch(look, tidy, log, look_every, tidy_every)
    thread = threading.Thread(target=watch.run, args=(stop,), name="secrets", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class _Watch:
    def __init__(
        self,
        look: Callable[[], object],
        tidy: Callable[[], object],
        log: Callable[[], LogPort],
        look_every: float,
        tidy_every: float,
    ) -> None:
        self._look = look
        self._tidy = tidy
        self._log = log
        self._look_every = look_every
        self._tidy_every = tidy_every
        self._tidied = time.monotonic() - tidy_every
        self._said = ""

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(self._look_every):
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001  # a database that is away comes back
                self._tell(str(error) if isinstance(error, MooringError) else repr(error))
            else:
                self._said = ""

    def _turn(self) -> None:
        self._look()
        if time.monotonic() - self._tidied >= self._tidy_every:
            self._tidied = time.monotonic()
            self._tidy()

    def _tell(self, said: str) -> None:
        if said != self._said:
            self._log().log("error", "secrets.unreadable", {"error": said})
        self._said = said
