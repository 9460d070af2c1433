"""Workers in processes of their own, that can be killed, stopped and replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.run import Run
from tests.conftest import ROOT, STOPS_WITHIN, Program

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
PATIENCE = 90.0  # seconds
MAIN = (sys.executable, "-m", "mooring")


@dataclass
class Crew:
    """Workers on one PostgreSQL database, each with a home of its own."""

    folder: Path
    database_url: str
    command: Sequence[str] = MAIN
    members: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    homes: int = 0

    def program(self, home: Path) -> Program:
        """Give the command line in a home."""
        program = Program(home)
        program.environment |= {
            "MOORING_DATABASE_URL": self.database_url,
            "MOORING_MASTER_KEY": MASTER_KEY,
        }
        return program

    def open_host(self) -> Host:
        """Open the database in a home where no worker is."""
        return Host.open(
            HostConfig(
                home=self.folder / "home",
                database_url=self.database_url,
                secrets="encrypted",
                master_key=MASTER_KEY,
            )
        )

    def add(self, *options: str) -> int:
        """Start a worker and return its process id; it may take a moment until it is ready."""
        self.homes += 1
        home = self.folder / f"machine{self.homes}"
        with (self.folder / "workers.log").open("ab") as messages:
            process = subprocess.Popen(
                [*self.command, "worker", *options],
                cwd=ROOT,
                env=self.program(home).environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=messages,
            )
        self.members[process.pid] = process
        return process.pid

    def kill(self, pid: int) -> None:
        """End a worker as a power cut would."""
        process = self.members.pop(pid)
        process.kill()
        process.wait(STOPS_WITHIN)

    def alive(self) -> int:
        """Return how many of them run."""
        return sum(process.poll() is None for process in self.members.values())

    def messages(self) -> str:
        """Return what the workers said on stderr."""
        path = self.folder / "workers.log"
        return path.read_text() if path.exists() else ""

    def end(self) -> None:
        """End all of them."""
        for process in self.members.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
            process.terminate()
        for process in self.members.values():
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOPS_WITHIN)


@contextmanager
def crew(folder: Path, database_url: str, **more: Any) -> Iterator[Crew]:
    """Give a crew without members, and end all that it has in the end."""
    made = Crew(folder, database_url, **more)
    try:
        yield made
    finally:
        made.end()


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.02)
    return found


def ended(host: Host, run_id: str) -> Run:
    """Wait until a run has ended, however it did."""

    def final() -> Run | None:
        run = host.runs.get(run_id)
        return run if run.status.final else None

    found = until(final, f"run {run_id} ends: {host.runs.get(run_id)}")
    assert isinstance(found, Run)
    return found
