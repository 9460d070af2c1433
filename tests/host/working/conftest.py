"""What do tests of workers need? An app that notes its steps, hosts of both kinds, processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mooring.hosting.host import Host
from mooring.loader import NAMESPACE, unmount
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from mooring.working.loop import work

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
JOBS = """
  pages:
    entry_point: Pages
    description: Counts pages.
  single:
    entry_point: Pages
    description: Counts pages, one run at a time.
    concurrency: 1
  often:
    entry_point: Pages
    description: Counts pages, whatever else counts them.
    overlap: allow
"""
PAGES = '''
"""Count pages, and note every step in a file."""

import os
import time
from pathlib import Path

from mooring.sdk import Job, JobStatus


class Pages(Job):
    """As many steps as asked for."""

    def prepare(self, params, status=None, resuming=False):
        note(params, "resumed" if resuming else "prepared")
        return status or JobStatus({"page": 0})

    def perform(self, status):
        params = self.invocation.parameters
        page = status.state["page"] + 1
        note(params, f"page {page}")
        if params.get("deadly") == page:
            os._exit(9)
        time.sleep(params.get("seconds", 0))
        note(params, f"done {page}")
        return JobStatus({"page": page}, complete=page >= params.get("pages", 1))


def note(params, text):
    if "notes" not in params:
        return
    with Path(params["notes"]).open("a") as file:
        print(params.get("name", ""), text, file=file)
'''


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app with jobs that count pages."""
    base = tmp_path_factory.mktemp("app")
    folder = base / "counting"
    environment = {"PATH": os.environ["PATH"], "HOME": str(base), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "mooring", "init", str(folder), "--app-id", "counting"]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    manifest = folder / "app.yml"
    manifest.write_text(manifest.read_text("utf-8").rstrip() + JOBS, "utf-8")
    (folder / "src/jobs/pages.py").write_text(PAGES, "utf-8")
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest, home: Path) -> HostConfig:
    """A host's configuration, once with each database."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    return HostConfig(home=home, database_url=url, secrets="encrypted", master_key=MASTER_KEY)


only_sqlite = pytest.mark.parametrize("config", ["sqlite"], indirect=True)


@pytest.fixture
def host(config: HostConfig) -> Iterator[Host]:
    with Host.open(config) as opened:
        yield opened
    unmount(NAMESPACE)  # The next test's home has the same app in another folder.


@pytest.fixture
def installation(host: Host, app_folder: Path) -> Installation:
    return host.lifecycle.install(app_folder)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def trigger(host: Host, installation: Installation, notes: Path) -> Callable[..., Run]:
    def triggered(job: str = "pages", **parameters: Any) -> Run:
        return host.jobs.trigger(installation, job, {"notes": str(notes), **parameters})

    return triggered


@contextmanager
def working(config: HostConfig) -> Iterator[Callable[[], None]]:
    """Work in a thread for the length of the block; gives what ends it."""
    stop = threading.Event()

    def run() -> None:
        with Host.open(config) as own:
            work(own, stop=stop)

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()

    try:
        yield end
    finally:
        end()


def environment_of(config: HostConfig) -> Mapping[str, str]:
    given = {
        "HOME": str(config.home.parent),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path.cwd()),
        "MOORING_HOME": str(config.home),
        "MOORING_SECRETS": "encrypted",
        "MOORING_MASTER_KEY": MASTER_KEY,
    }
    return {
        **given,
        **({"MOORING_DATABASE_URL": config.database_url} if config.database_url else {}),
    }


@contextmanager
def worker_process(
    config: HostConfig, *arguments: str, by_hand: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run jobs in a process, as serve does."""
    started = () if by_hand else ("--under-serve",)
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", "worker", *started, *arguments],
        env=environment_of(config),
        stdin=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.02)


def noted(notes: Path) -> list[str]:
    return [line.strip() for line in notes.read_text().splitlines()] if notes.exists() else []


def logged(config: HostConfig) -> str:
    return "".join(file.read_text("utf-8") for file in (config.home / "logs").glob("*"))


def ended(host: Host, run: Run) -> Run:
    until(lambda: host.runs.get(run.run_id).status.final)
    return host.runs.get(run.run_id)


def completed(host: Host, run: Run) -> Run:
    last = ended(host, run)
    assert (last.status, last.error) == (RunStatus.COMPLETE, None)
    return last
