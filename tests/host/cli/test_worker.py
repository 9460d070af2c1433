"""`mooring worker`: more capacity for jobs, over PostgreSQL alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mooring.hosting.job_runs import GIVEN_UP
from tests.conftest import ROOT, Program
from tests.host.apps import App

SOON = 60.0  # seconds
MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="


@contextmanager
def worker(cli: Program, url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Let a worker run on the test's home for the length of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", "worker", *arguments],
        cwd=ROOT,
        env={**cli.environment, "MOORING_DATABASE_URL": url, "MOORING_MASTER_KEY": MASTER_KEY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("url", [None, "sqlite:///mooring.sqlite"])
def test_a_worker_needs_postgresql(cli: Program, url: str | None) -> None:
    environment: dict[str, Any] = {"MOORING_DATABASE_URL": url} if url else {}
    answer = cli("worker", **environment)
    assert answer.status == 2
    assert "`mooring worker` needs PostgreSQL" in answer.err
    assert "MOORING_DATABASE_URL names no such database" in answer.err
    assert answer.out == ""
    assert not cli.home.exists()


def test_a_worker_that_cannot_open_the_secret_store_does_not_start(
    cli: Program, postgresql_url: str
) -> None:
    answer = cli("worker", MOORING_DATABASE_URL=postgresql_url)
    assert answer.status == 78
    assert "Set MOORING_MASTER_KEY" in answer.err


def test_a_worker_says_when_it_is_ready_and_when_it_has_stopped(
    cli: Program, postgresql_url: str
) -> None:
    with worker(cli, postgresql_url, "--concurrency", "1") as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SOON)
    assert f":{cli.home}:{process.pid}-" in ready
    assert ready.endswith("takes 1 run at a time. Ctrl-C stops.\n")
    assert (process.returncode, out) == (0, "")
    assert err == "Stopped. Runs that were not ended wait for another worker.\n"


def test_several_workers_on_one_home_are_ready_for_machines_to_read(
    cli: Program, postgresql_url: str
) -> None:
    ready = []
    with worker(cli, postgresql_url, "--json") as one, worker(cli, postgresql_url, "--json") as two:
        for process in (one, two):
            assert process.stdout is not None
            ready.append(json.loads(process.stdout.readline()))
        for process in (one, two):
            process.terminate()
            out, err = process.communicate(timeout=SOON)
            assert (process.returncode, out, err) == (0, "", "")
    assert [said["pid"] for said in ready] == [one.pid, two.pid]
    assert [said["concurrency"] for said in ready] == [4, 4]
    assert len({said["worker"] for said in ready}) == 2


HANGS = """\
import pathlib
import threading
from mooring.sdk import Job, JobStatus


class Hanging(Job):
    def prepare(self, params, status=None, resuming=False):
        return JobStatus({})

    def perform(self, status):
        pathlib.Path(self.invocation.parameters["begun"]).touch()
        threading.Event().wait()
"""


@contextmanager
def hanging(cli: Program, url: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Let a worker run that hangs in the step of a run; gives its process and the run's id."""
    app = App(tmp_path / "hung")
    app.jobs["hang"] = {"entry_point": "Hanging", "description": "Does not end."}
    app.write("src/jobs/hanging.py", HANGS)
    given = {"MOORING_DATABASE_URL": url, "MOORING_MASTER_KEY": MASTER_KEY}
    cli.ok("install", str(app.finish()), **given)
    begun = tmp_path / "begun"
    with worker(cli, url) as process:
        assert process.stdout is not None
        process.stdout.readline()
        told = json.dumps({"begun": str(begun)})
        run = cli.ok("--json", "jobs", "trigger", "shop", "hang", "--parameters", told, **given)
        until(begun.exists)
        yield process, run.json["run_id"]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.02)


def test_a_worker_told_to_stop_ends_though_a_step_hangs_and_gives_its_run_back(
    cli: Program, postgresql_url: str, tmp_path: Path
) -> None:
    with hanging(cli, postgresql_url, tmp_path) as (process, run_id):
        process.terminate()
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == GIVEN_UP
    assert "Stopped in the middle of a step" in err
    assert err.endswith(f"Exit status {GIVEN_UP}.\n")
    given = {"MOORING_DATABASE_URL": postgresql_url, "MOORING_MASTER_KEY": MASTER_KEY}
    left = cli.ok("--json", "jobs", "show", run_id, **given).json
    assert left["status"] == "PENDING"


def test_a_second_signal_ends_a_worker_at_once(
    cli: Program, postgresql_url: str, tmp_path: Path
) -> None:
    with hanging(cli, postgresql_url, tmp_path) as (process, _):

        def told_again() -> bool:
            process.terminate()
            return process.poll() is not None

        until(told_again)
    assert process.returncode == -signal.SIGTERM
