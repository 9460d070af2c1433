"""What an app's code may do to the process that it runs in, and what the host makes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.delivery import DeliveryState
from mooring.model.run import Run, RunStatus
from tests.conftest import STOPS_WITHIN, Program, Serving
from tests.host.apps import App
from tests.host.web.conftest import SECRET, signed

PATIENCE = 30.0  # seconds
FAILING = {
    "sys.exit": "import sys; sys.exit(3)",
    "endless recursion": "names = {}\nexec('def f(): return f()', names)\nnames['f']()",
    "endless memory": "bytearray(10**15)",
    "a keyboard interrupt": "raise KeyboardInterrupt",
    "a cancellation": "import asyncio; raise asyncio.CancelledError",
    "an error of no kind": "raise BaseException('of no kind')",
    "several errors": "raise BaseExceptionGroup('many', [KeyboardInterrupt()])",
    "a signal handler": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
}
ODD = {
    "a thread that fails": "import threading; threading.Thread(target=lambda: 1 / 0).start()",
    "a thread left behind": (
        "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()"
    ),
    "an alarm": "import signal, time; signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.2)",
    "closed streams": "import sys; print('x', end=''); sys.stdout.close(); sys.stderr.close()",
    "an uncollectable heap": "import gc; gc.disable()",
    "another folder": "import os; os.chdir('/')",
    "an empty environment": "import os; os.environ.clear()",
    "no more logging": "import logging; logging.disable(logging.CRITICAL); logging.shutdown()",
    "a program": "import subprocess, sys; subprocess.run([sys.executable, '-c', 'pass'])",
    "less recursion": "import sys; sys.setrecursionlimit(300)",
    "sleep without sleeping": "import time; time.sleep = lambda seconds: None",
}
EXECUTE = "exec(self.request.text, {})\nreturn Response(200)"
JOB = """\
from mooring.sdk import Job, JobStatus


class Do(Job):
    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus()

    def perform(self, status):
        exec(self.invocation.parameters["code"], {})
        return JobStatus(complete=True)
"""
LIFECYCLE = """\
from mooring.sdk import Lifecycle as Base, LifecycleResult, LifecycleSettingsResult


class Lifecycle(Base):
    def on_install(self):
        return LifecycleResult(success=True)

    def on_settings_form(self, section, action, form_data):
        exec(form_data["name"], {})
        return LifecycleSettingsResult()
"""


@dataclass
class Stage:
    """A `mooring serve` with an app that does whatever it is told."""

    program: Program
    serving: Serving
    http: httpx.Client
    urls: dict[str, str]

    def directly(self, code: str) -> httpx.Response:
        """Let a direct function do it."""
        return self.http.post(self.urls["do"], content=code.encode())

    def later(self, code: str) -> str:
        """Let the inbox do it; returns the delivery's id."""
        body = code.encode()
        answer = self.http.post(self.urls["do_later"], content=body, headers=signed(body))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["delivery_id"])

    def log(self) -> list[dict[str, Any]]:
        lines = (self.program.home / "logs" / "mooring.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def lives(self) -> None:
        """See that the same process answers as ever, both ways."""
        assert self.serving.process.poll() is None
        assert self.directly("pass").status_code == 200
        note = self.program.home / f"note-{time.time_ns()}"
        self.later(f"open({str(note)!r}, 'w').close()")
        until(note.exists, "the inbox goes on")


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def install(program: Program, folder: Path) -> None:
    app = App(folder).function("do", EXECUTE)
    app.function("do_later", EXECUTE, verify="optimizely")
    once = {"attempts": 1}
    app.jobs["do"] = {"entry_point": "Do", "description": "Does what it is told.", "retry": once}
    root = app.finish()
    app.write("src/jobs/do.py", JOB)
    app.write("src/lifecycle/lifecycle.py", LIFECYCLE)
    program.ok("install", str(root))
    program.ok("secrets", "shop", "set", "do_later_signature=-", stdin=SECRET)


@contextmanager
def staged(program: Program, folder: Path, *arguments: str) -> Iterator[Stage]:
    install(program, folder)
    with program.serve(*arguments) as serving, httpx.Client(timeout=PATIENCE) as http:
        yield Stage(program, serving, http, program.ok("functions", "shop", "--json").json)


@pytest.fixture
def stage(cli: Program, tmp_path: Path) -> Iterator[Stage]:
    """Serve without jobs."""
    with staged(cli, tmp_path / "app", "--no-jobs") as opened:
        yield opened


def test_a_direct_function_that_fails_badly_is_answered_for(stage: Stage) -> None:
    answers = {misdeed: stage.directly(code) for misdeed, code in FAILING.items()}
    assert {misdeed for misdeed, answer in answers.items() if answer.status_code != 500} == set()
    assert {answer.json()["error"]["code"] for answer in answers.values()} == {"function.failed"}
    stage.lives()
    said = [line["error"] for line in stage.log() if line["event"] == "function.failed"]
    assert len(said) == len(FAILING)
    assert any("RecursionError" in each for each in said)


def test_a_delivery_that_fails_badly_is_postponed(stage: Stage) -> None:
    sent = {stage.later(code): misdeed for misdeed, code in FAILING.items()}

    def postponed() -> set[str]:
        lines = [line for line in stage.log() if line["event"] == "delivery.postponed"]
        return {line["delivery_id"] for line in lines}

    until(lambda: postponed() >= sent.keys(), "all are postponed")
    stage.lives()


@pytest.mark.parametrize("way", ["direct", "inbox"])
def test_the_host_outlives_whatever_is_done_to_its_process(stage: Stage, way: str) -> None:
    for code in ODD.values():
        if way == "direct":
            assert stage.directly(code).status_code == 200, code
        else:
            stage.later(code)
        stage.lives()
    stage.serving.process.terminate()
    assert stage.serving.process.wait(STOPS_WITHIN) == 0


def test_a_hook_that_fails_badly_is_said_in_one_sentence(cli: Program, tmp_path: Path) -> None:
    install(cli, tmp_path / "app")
    for misdeed in ("sys.exit", "endless recursion", "an error of no kind"):
        answer = cli("settings", "shop", "main", "--set", f"name={FAILING[misdeed]}")
        assert answer.status == 1, misdeed
        assert "Traceback" not in answer.out + answer.err
        assert len((answer.out + answer.err).splitlines()) <= 3
    assert cli.ok("settings", "shop", "main", "--json").json == {"main": {}}


def test_a_function_that_ends_the_process_loses_nothing_that_was_accepted(
    cli: Program, tmp_path: Path
) -> None:
    with staged(cli, tmp_path / "app", "--no-jobs") as stage, opened(cli) as host:
        accepted = stage.later("import time; time.sleep(5)")
        with pytest.raises(httpx.TransportError):
            stage.directly("import os; os._exit(3)")
        assert stage.serving.process.wait(STOPS_WITHIN) == 3
        assert host.deliveries.get(accepted).state is DeliveryState.PENDING
    with cli.serve("--no-jobs") as serving:
        assert httpx.get(f"{serving.public}/healthz").status_code == 200


def test_a_fork_that_comes_back_keeps_nothing_from_the_next_process(
    cli: Program, tmp_path: Path
) -> None:
    with staged(cli, tmp_path / "app", "--no-jobs") as stage:
        assert stage.directly("import os; os.fork()").status_code == 200
        stage.lives()
        port = str(httpx.URL(stage.serving.public).port)
        stage.serving.process.kill()  # it alone: the fork has its sockets and locks
        stage.serving.process.wait(STOPS_WITHIN)
        until(lambda: cli("apps").status == 0, "the home is free")
        with cli.serve("--no-jobs", "--public-port", port) as serving:
            assert httpx.get(f"{serving.public}/healthz").status_code == 200


def test_jobs_that_fail_badly_end_and_others_go_on(cli: Program, tmp_path: Path) -> None:
    forks = {"a fork": "import os; os.fork() or os._exit(0)"}
    with staged(cli, tmp_path / "app") as stage, opened(cli) as host:
        run_job = Runs(host)
        failing = {misdeed: run_job.begin(code) for misdeed, code in FAILING.items()}
        odd = {misdeed: run_job.begin(code) for misdeed, code in {**ODD, **forks}.items()}
        assert {m: run_job.end(run).status for m, run in failing.items()} == dict.fromkeys(
            failing, RunStatus.ERROR
        )
        assert all(run_job.end(run).error for run in failing.values())
        assert {m: run_job.end(run).status for m, run in odd.items()} == dict.fromkeys(
            odd, RunStatus.COMPLETE
        )
        assert run_job.end(run_job.begin("pass")).status is RunStatus.COMPLETE
        assert stage.serving.process.poll() is None


@dataclass
class Runs:
    """Runs of the job that does what it is told."""

    host: Host

    def begin(self, code: str) -> str:
        """Write a run."""
        invocation = self.host.invocation(self.host.installation("shop"), entry_point="test")
        return invocation.services.jobs.trigger("do", {"code": code}).job_id

    def end(self, run_id: str) -> Run:
        """Wait for the end of a run."""
        ended = (RunStatus.COMPLETE, RunStatus.ERROR, RunStatus.TERMINATED)

        def final() -> Run | None:
            run = self.host.runs.get(run_id)
            return run if run.status in ended else None

        found = until(final, f"run {run_id} ends")
        assert isinstance(found, Run)
        return found


@contextmanager
def opened(program: Program) -> Iterator[Host]:
    with Host.open(HostConfig(home=program.home, secrets="encrypted")) as host:
        yield host
