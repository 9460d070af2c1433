"""How do others see that a run is alive while one of its steps takes long?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from mooring.errors import LeaseLost, MooringError
from mooring.model.run import Run
from mooring.sdk.ports import Clock, LogPort

EVERY = 5.0  # seconds; a run is taken for abandoned after several of them


class Beaten(Protocol):
    """Where heartbeats are kept."""

    def beat(self, run: Run, *, now: datetime) -> None:
        """Renew the heartbeat. Raises LeaseLost."""


@contextmanager
def beating(
    run: Run, *, repository: Beaten, clock: Clock, log: LogPort, every: float = EVERY
) -> Iterator[None]:
    """Renew the run's heartbeat from a thread of its own for the length of the block."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every):
            try:
                repository.beat(run, now=clock.now())
            except LeaseLost:
                return  # Whoever drives the run learns it at the next commit.
            except MooringError as error:
                fields = {"run_id": run.run_id, "error": str(error)}
                log.log("warn", "job.run.heartbeat_failed", fields)

    thread = threading.Thread(target=beat, name=f"heartbeat-{run.run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
