"""What do walks through the whole product start from? The connector, connected to the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.running import Running
from scripts.local_services import APP, SETTINGS_FILE, environment
from tests.conftest import Answer, Program, Serving

PATIENCE = 60.0  # seconds


@dataclass
class Connector:
    """The connector on a home of its own, driven through the command line."""

    program: Program
    sandbox: Running
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **more: Any) -> Answer:
        """Run a command that may fail."""
        return self.program(*arguments, **{**self.environment, **more})

    def ok(self, *arguments: str, **more: Any) -> Answer:
        """Run a command that has to succeed."""
        return self.program.ok(*arguments, **{**self.environment, **more})

    def connect(self) -> None:
        """Install the app and submit its settings file."""
        self.ok("install", ".")
        self.ok("settings", APP, "--file", str(SETTINGS_FILE))

    def sync(self, *arguments: str) -> dict[str, Any]:
        """Run a whole synchronisation to its end."""
        return dict(self.ok("jobs", "trigger", APP, "sync", "--wait", "--json", *arguments).json)

    def runs(self) -> list[dict[str, Any]]:
        """Return the latest runs, newest first."""
        return list(self.ok("jobs", "list", APP, "--json").json)

    def wait_for(self, met: Callable[[dict[str, Any]], bool], *, why: str) -> dict[str, Any]:
        """Wait until a run meets a condition, and return it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for run in self.runs():
                if met(run):
                    return run
            time.sleep(0.3)
        raise AssertionError(f"{why}: not within {PATIENCE:.0f} s; runs: {self.runs()}")

    @contextmanager
    def serve(self, *arguments: str) -> Iterator[Serving]:
        """Serve for the length of the block."""
        with self.program.serve(*arguments, **self.environment) as serving:
            yield serving


@pytest.fixture
def connector(cli: Program, sandbox: Running) -> Connector:
    """Give the program with the sandbox's addresses and credentials; nothing is installed yet."""
    return Connector(
        cli,
        sandbox,
        environment(sandbox),
    )


def written(path: Path) -> bytes:
    """Return everything that a folder's files hold."""
    return b"\n".join(p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file())
