"""Jobs do what no job should, in real processes: their runs end with a reason, others complete."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.run import Run
from tests.conftest import SOAK, Program
from tests.scenarios.crew import crew, ended, until
from tests.scenarios.ledger import Ledger, faults

pytestmark = pytest.mark.timeout(3600 if SOAK else 120)

STEPS, SECONDS = 5, 0.5  # of a neighbour: each of its steps takes longer than the bad ones do
# The same host with limits that a test can wait for, whatever its environment says.
IMPATIENT = """\
import sys
from mooring.adapters.watchdog import Limits
from mooring.hosting import job_runs

job_runs.Limits = lambda: Limits(warn=0.5, give_up=1.5, look_every=0.1)
sys.argv[0] = "mooring"
from mooring.cli.main import main

main()
"""
BAD = '''
"""Do in `prepare` or in a step what the run asks for."""

import ctypes
import os
import signal
import time

from mooring.sdk import Job, JobStatus


class Bad(Job):
    """Bad."""

    def prepare(self, params, status=None, resuming=False):
        if "prepare" in params:
            exec(params["prepare"])
        return status or JobStatus({"step": 1})

    def perform(self, status):
        answer = JobStatus({"step": status.state["step"] + 1})
        answer.complete = answer.state["step"] >= 4
        exec(self.invocation.parameters.get("perform", ""), globals(), {"answer": answer})
        return answer
'''
ENDS = {
    "state that is not JSON": (
        {"perform": "answer.state['when'] = object()"},
        r"perform returned a status whose state\.when is an object\.",
    ),
    "ten megabytes of state": (
        {"perform": "answer.state['all'] = 'x' * 10_000_000"},
        r"a state of 9\.5 MB; it may have 8 MB",
    ),
    "an error in prepare": ({"prepare": "raise ValueError('not today')"}, "ValueError: not today"),
    "an exit in prepare": ({"prepare": "raise SystemExit(3)"}, "SystemExit: 3"),
    "endless memory": ({"perform": "bytearray(10**15)"}, "MemoryError"),
}
KILLS = {
    "os._exit": ({"perform": "os._exit(3)"}, "Step 1 was tried 3 times"),
    "SIGKILL": ({"perform": "os.kill(os.getpid(), signal.SIGKILL)"}, "Step 1 was tried 3 times"),
}
if SOAK:
    KILLS |= {
        "a crash": ({"perform": "ctypes.string_at(0)"}, "Step 1 was tried 3 times"),
        "os._exit in prepare": ({"prepare": "os._exit(3)"}, "Step 1 was tried 3 times"),
    }
FORKS = {
    "a fork that ends": {"perform": "os.fork() or os._exit(0)"},
    "a fork that comes back": {"perform": "os.fork()"},
}


def write_app(folder: Path, ledger: Ledger) -> Path:
    root = ledger.write_app(folder)
    change(root, "1.0.0", bad={"retry": {"attempts": 1}}, going={}, waiting={"concurrency": 1})
    (root / "src/jobs/bad.py").write_text(BAD)
    return root


def change(root: Path, version: str, **jobs: dict[str, object]) -> None:
    """Let the manifest declare these jobs besides `steps`."""
    manifest = yaml.safe_load((root / "app.yml").read_text())
    manifest["meta"]["version"] = version
    of = {"bad": "bad:Bad", "going": "steps:Steps", "waiting": "steps:Steps"}
    added = {
        name: {"entry_point": of[name], "description": "Bad.", "overlap": "allow", **declared}
        for name, declared in jobs.items()
    }
    manifest["jobs"] = {"steps": manifest["jobs"]["steps"], **added}
    (root / "app.yml").write_text(yaml.safe_dump(manifest, sort_keys=False))


class Stage:
    """A `mooring serve` over SQLite, with jobs that are bad and neighbours that are not."""

    def __init__(self, host: Host, ledger: Ledger, app: Path, installation: Installation) -> None:
        self.host, self.ledger, self.app = host, ledger, app
        self.installation = installation

    def bad(self, parameters: dict[str, str]) -> str:
        return self.host.jobs.trigger(self.installation, "bad", parameters).run_id

    def steps(self, job: str = "steps", *, steps: int = STEPS, seconds: float = SECONDS) -> str:
        parameters = self.ledger.parameters(steps=steps, seconds=seconds)
        return self.host.jobs.trigger(self.installation, job, parameters).run_id

    def judge(self, run_id: str) -> None:
        """See that a neighbour was carried out, whole and once."""
        run = ended(self.host, run_id)
        assert faults(run, self.ledger.of(run_id), steps=STEPS) == []


@pytest.fixture
def stage(cli: Program, tmp_path: Path) -> Iterator[Stage]:
    ledger = Ledger(tmp_path / "ledger")
    app = write_app(tmp_path / "app", ledger)
    cli.ok("install", str(app))
    with cli.serve() as serving, opened(cli) as host:
        yield Stage(host, ledger, app, host.installation("shop"))
        assert serving.process.poll() is None


@contextmanager
def opened(program: Program) -> Iterator[Host]:
    with Host.open(HostConfig(home=program.home, secrets="encrypted")) as host:
        yield host


def test_what_a_job_does_wrong_ends_its_run_alone(stage: Stage) -> None:
    neighbour = stage.steps(seconds=0.05)
    failing = {name: stage.bad(parameters) for name, (parameters, _) in ENDS.items()}
    forking = {name: stage.bad(parameters) for name, parameters in FORKS.items()}
    check(stage.host, failing, {name: said for name, (_, said) in ENDS.items()})
    assert {ended(stage.host, one).status.value for one in forking.values()} == {"COMPLETE"}
    stage.judge(neighbour)


def test_what_kills_its_worker_is_given_up_and_its_neighbours_complete(stage: Stage) -> None:
    neighbours = [stage.steps() for _ in range(2)]
    killing = {name: stage.bad(parameters) for name, (parameters, _) in KILLS.items()}
    neighbours += [stage.steps() for _ in range(2)]
    check(stage.host, killing, {name: said for name, (_, said) in KILLS.items()})
    for run_id in neighbours:
        stage.judge(run_id)


def check(host: Host, run_ids: dict[str, str], said: dict[str, str]) -> None:
    """See that each run ended in ERROR and said why."""
    for name, run_id in run_ids.items():
        run = ended(host, run_id)
        assert run.status.value == "ERROR", f"{name}: {run}"
        assert re.search(said[name], run.error or ""), f"{name}: {run.error}"
        assert len(run.error or "") < 2500


def test_a_job_that_an_upgrade_took_away_ends_its_runs(cli: Program, stage: Stage) -> None:
    neighbour = stage.steps(seconds=0.05)
    jobs = ("going", "waiting", "waiting")
    going, waiting, behind = (stage.steps(job, steps=10_000, seconds=0.1) for job in jobs)
    until(lambda: stage.ledger.of(going) and stage.ledger.of(waiting), "two have begun")
    assert stage.host.runs.get(behind).status.value == "PENDING"
    change(stage.app, "2.0.0")
    cli.ok("upgrade", str(stage.app))
    for run_id in (going, waiting, behind):
        run = ended(stage.host, run_id)
        assert run.status.value in ("TERMINATED", "ERROR"), run
        assert "2.0.0" in (run.error or ""), run
        assert "job" in (run.error or ""), run
    stage.judge(neighbour)
    noted = [stage.ledger.of(one)[-1] for one in (going, waiting)]
    stage.judge(stage.steps(seconds=0.02))
    assert [stage.ledger.of(one)[-1] for one in (going, waiting)] == noted, "nothing goes on"


def test_a_step_that_never_ends_costs_its_worker_and_not_the_neighbours(
    tmp_path: Path, postgresql_url: str
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    program = tmp_path / "impatient.py"
    program.write_text(IMPATIENT)
    command = (sys.executable, str(program))
    with crew(tmp_path, postgresql_url, command=command) as workers, workers.open_host() as host:
        app = write_app(tmp_path / "app", ledger)
        stage = Stage(host, ledger, app, host.lifecycle.install(app))
        neighbours = [stage.steps() for _ in range(3)]
        endless = stage.bad({"perform": "time.sleep(3600)"})
        holding = keep(workers.add, workers.alive)
        run = until(partial(kept_and_final, holding, host, endless), "it is given up")
        assert run.status.value == "ERROR", run
        assert "had not ended after 1.5 s" in run.error
        assert run.workers_lost == 3
        for run_id in neighbours:
            until(partial(kept_and_final, holding, host, run_id), "a neighbour ends")
            stage.judge(run_id)
        assert "Traceback" not in workers.messages()
        assert "Given up" in workers.messages()


def kept_and_final(keeping: Callable[[], bool], host: Host, run_id: str) -> Run | None:
    keeping()
    run = host.runs.get(run_id)
    return run if run.status.final else None


def keep(add: Callable[[], int], alive: Callable[[], int]) -> Callable[[], bool]:
    """Start another worker whenever there are fewer than two, as a supervisor of services does."""

    def kept() -> bool:
        while alive() < 2:
            add()
        return True

    return kept
