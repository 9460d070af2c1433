"""`mooring worker`: more capacity for jobs, over PostgreSQL alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import ROOT, Program

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
