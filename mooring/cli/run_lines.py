"""Which lines of the log are about one run, and are they in the log here?"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from mooring.adapters.log_reader import Line, read_logs
from mooring.model.run import Run

if TYPE_CHECKING:
    from mooring.hosting.host import Host

MOST_LINES = 1000


def lines_of(
    host: Host, run: Run, *, level: str | None = None, limit: int = MOST_LINES
) -> list[Line]:
    """Return the latest lines of a run that were written here, oldest first."""
    return list(read_logs(host.home.logs, run_id=run.run_id, level=level, limit=limit))


def written_elsewhere(host: Host, run: Run) -> str:
    """Say so if the worker that has the run, or had it last, writes into another log."""
    machine = socket.gethostname()
    # Of a command that stands in for a worker, the machine is all that is known.
    here = (f"{machine}:{host.home.path}", f"here:{machine}:")
    if not host.config.uses_postgresql or not run.worker or run.worker.startswith(here):
        return ""
    return (
        f"The run is with the worker {run.worker}; what it logs is in the log of that machine and "
        f"home, where `mooring jobs logs {run.run_id}` shows it."
    )
