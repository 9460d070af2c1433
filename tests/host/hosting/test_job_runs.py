"""Jobs that are ended in the middle, that hang, that fork, and that are no longer there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from mooring.adapters.watchdog import Limits
from mooring.hosting.host import Host
from mooring.hosting.job_runs import GIVEN_UP
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from tests.host.apps import App

WITHIN = 60.0  # seconds; no test takes as long as that unless something is wrong
HEAD = """\
import asyncio, os, pathlib, threading, time
from mooring.sdk import Job, JobStatus, storage


def there(path):
    return pathlib.Path(path).exists()


def touch(path):
    pathlib.Path(path).touch()


"""
FORK = "child = os.fork()\nif child == 0:"
# One step each, which touches the file `begun`.
STEPS = {
    "sleeper": "touch(begun)\nself.sleep(600, interruptible=True)",
    "waiter": "self.perform_interruptible_task(lambda: (touch(begun), threading.Event().wait(60)))",
    "user": "def use():\n    touch(begun)\n    while True:\n        storage.kv_store.get('a')\n"
    "self.perform_interruptible_task(use)",
    "stubborn": "touch(begun)\nwhile not there(begun + '.end'):\n    time.sleep(0.02)",
    "forking": f"{FORK}\n    return JobStatus({{'by': 'the child'}}, True)\nos.waitpid(child, 0)",
    "forking_and_raising": f"{FORK}\n    raise ValueError('the child')\nos.waitpid(child, 0)",
}
ASYNC_STEPS = {
    "async_sleeper": "touch(begun)\nawait self.asleep(600, interruptible=True)",
    "async_waiter": "touch(begun)\nwait = lambda: asyncio.sleep(60)\n"
    "await self.aperform_interruptible_task(wait)",
}
EXECUTE = """\
import sys, pathlib
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
with Host.open(HostConfig(home=pathlib.Path(sys.argv[1]), secrets="encrypted")) as host:
    print(host.jobs.execute(sys.argv[2], worker="w").status)
"""
INTERRUPTIBLE = ["sleeper", "waiter", "user", *ASYNC_STEPS]


def job(name: str, step: str, *, kind: str = "def") -> str:
    begun = "begun = self.invocation.parameters['begun']\n"
    body = indent(f"{begun}{step}\nreturn JobStatus({{'by': 'the parent'}}, True)\n", " " * 8)
    return (
        f"class {name.title().replace('_', '')}(Job):\n"
        "    def prepare(self, params, status=None, resuming=False):\n"
        "        return status or JobStatus({'at': 'the start'})\n\n"
        f"    {kind} perform(self, status):\n{body}"
    )


@pytest.fixture
def host(home: Path) -> Iterator[Host]:
    with Host.open(HostConfig(home=home, secrets="encrypted")) as opened:
        opened.jobs.limits = Limits(look_every=0.05)
        yield opened


@pytest.fixture
def installation(host: Host, tmp_path: Path) -> Installation:
    app = App(tmp_path / "app")
    for steps, kind in ((STEPS, "def"), (ASYNC_STEPS, "async def")):
        for name, step in steps.items():
            app.write(f"src/jobs/{name}.py", HEAD + job(name, step, kind=kind))
            entry_point = name.title().replace("_", "")
            app.jobs[name] = {"entry_point": entry_point, "description": "x"}
    return host.lifecycle.install(app.function("hello", "return Response(200, {})").finish())


class Started:
    """A run that is executed in a thread, as a worker does."""

    def __init__(self, host: Host, installation: Installation, name: str, begun: Path) -> None:
        self.host, self.begun, self.stop = host, begun, threading.Event()
        self.run = host.jobs.trigger(installation, name, {"begun": str(begun)})
        self._pool = ThreadPoolExecutor(1)
        self.future: Future[Run] = self._pool.submit(
            host.jobs.execute, self.run.run_id, worker="w", stopping=self.stop.is_set
        )
        until(begun.exists)

    def terminate(self) -> None:
        self.host.runs.terminate(self.run.run_id, now=self.host.clock.now())

    def ended(self) -> Run:
        ended = self.future.result(WITHIN)
        self._pool.shutdown()
        return ended

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = (self.host.home.logs / "mooring.jsonl").read_text("utf-8").splitlines()
        return [line for line in map(json.loads, lines) if line["event"] == event]


@pytest.fixture
def start(host: Host, installation: Installation, tmp_path: Path) -> Callable[[str], Started]:
    return lambda name: Started(host, installation, name, tmp_path / "begun")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.01)


@pytest.mark.parametrize("name", INTERRUPTIBLE)
def test_a_job_that_is_interruptible_ends_at_once_when_it_is_terminated(
    start: Callable[[str], Started], name: str
) -> None:
    started = start(name)
    started.terminate()
    ended = started.ended()  # long before the step itself would end
    assert (ended.status, ended.steps, ended.state) == (
        RunStatus.TERMINATED,
        0,
        {"at": "the start"},
    )
    [line] = started.logged("job.run.interrupted")
    assert (line["status"], line["app_id"]) == ("TERMINATED", "shop")


def test_a_job_that_is_interruptible_is_given_back_when_its_worker_stops(
    start: Callable[[str], Started],
) -> None:
    started = start("sleeper")
    started.stop.set()
    given_back = started.ended()
    assert (given_back.status, given_back.attempt, given_back.workers_lost) == (
        RunStatus.PENDING,
        0,
        0,
    )
    again = started.host.runs.take(given_back.run_id, worker="w2", now=started.host.clock.now())
    assert (again.state, again.workers_lost) == ({"at": "the start"}, 0)


def test_a_job_that_is_not_interruptible_ends_after_its_step(
    start: Callable[[str], Started],
) -> None:
    started = start("stubborn")
    started.terminate()
    time.sleep(0.3)
    assert not started.future.done()
    Path(f"{started.begun}.end").touch()
    ended = started.ended()
    assert (ended.status, ended.steps) == (RunStatus.TERMINATED, 0)
    assert not started.logged("job.run.interrupted")


def test_a_worker_that_hangs_in_a_step_is_given_up_with_its_reason(
    host: Host, start: Callable[[str], Started]
) -> None:
    host.jobs.limits = Limits(warn=0.05, give_up=0.3, look_every=0.02)
    last_words: list[str] = []
    host.jobs.leave = last_words.append
    started = start("stubborn")
    until(lambda: last_words)
    waiting = host.runs.get(started.run.run_id)
    assert (waiting.status, waiting.workers_lost, waiting.worker) == (RunStatus.PENDING, 1, None)
    assert waiting.error is not None
    assert waiting.error.startswith("Step 1 had not ended after 0.3 s, so its worker was given up.")
    assert last_words[0].startswith(f"The run {started.run.run_id} of shop stubborn: Step 1")
    Path(f"{started.begun}.end").touch()
    assert started.ended().steps == 0  # what it would have written is not wanted any more
    assert {line["step"] for line in started.logged("job.run.step_overruns")} == {1}
    assert started.logged("job.worker.given_up")


def test_a_command_that_is_interrupted_gives_its_run_back(
    host: Host, installation: Installation, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    run = host.jobs.trigger(installation, "stubborn", {"begun": str(begun)})
    command = [sys.executable, "-c", EXECUTE, str(host.home.path), run.run_id]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        until(begun.exists)
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) != 0
    back = host.runs.get(run.run_id)
    assert (back.status, back.worker, back.workers_lost) == (RunStatus.PENDING, None, 0)


@pytest.mark.parametrize("name", ["forking", "forking_and_raising"])
def test_what_a_job_forks_off_does_not_drive_the_run(
    host: Host, installation: Installation, tmp_path: Path, name: str
) -> None:
    run = host.jobs.trigger(installation, name, {"begun": str(tmp_path / "begun")})
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            EXECUTE,
            host.home.path,
            run.run_id,
        ],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "COMPLETE\n"), done.stderr
    ended = host.runs.get(run.run_id)
    assert (ended.steps, ended.state, ended.attempt) == (1, {"by": "the parent"}, 0)


def test_a_job_that_was_taken_out_of_the_app_ends_with_that_reason(
    host: Host, installation: Installation
) -> None:
    run = host.runs.create(installation, "gone", {}, scheduled_at=host.clock.now())
    assert run is not None
    ended = host.jobs.execute(run.run_id, worker="w")
    assert ended.status is RunStatus.ERROR
    assert (ended.error or "").startswith("shop has no job gone any more (version 1.0.0-dev).")


def test_a_process_that_is_given_up_says_why() -> None:
    program = "from mooring.hosting.job_runs import leave; leave('It hangs.')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=WITHIN, check=False
    )
    assert (done.returncode, done.stderr) == (GIVEN_UP, "Given up: It hangs.\n")
