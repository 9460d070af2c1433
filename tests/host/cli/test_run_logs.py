"""The lines of one run, also of one that another process executes and that ends meanwhile."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.cli import run_logs
from mooring.cli.failures import run as run_command
from mooring.cli.main import program
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from tests.conftest import Program
from tests.host.apps import App


@pytest.fixture
def installation(host: Host, tmp_path: Path) -> Installation:
    """Install an app with a job of three steps that counts."""
    return host.lifecycle.install(App(tmp_path / "app").counting().finish())


@pytest.fixture
def jobs(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """Give `jobs("logs", …)`, the command in this process; it returns what it said."""

    def call(*arguments: str) -> tuple[str, str]:
        capsys.readouterr()
        assert run_command(program, ["--home", str(home), "jobs", *arguments], kept={}) == 0
        said = capsys.readouterr()
        return said.out, said.err

    return call


def executed(host: Host, installation: Installation) -> Run:
    run = host.jobs.trigger(installation, "count", {})
    return host.jobs.execute(run.run_id, worker="test")


def events(out: str) -> list[str]:
    return [json.loads(line)["event"] for line in out.splitlines()]


def test_a_runs_lines_come_in_order_and_no_others(
    host: Host, installation: Installation, jobs: Callable[..., tuple[str, str]]
) -> None:
    executed(host, installation)
    run = executed(host, installation)
    out, _ = jobs("logs", run.run_id[:8], "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["run_id"] for line in lines} == {run.run_id}
    assert [line["n"] for line in lines if line["event"] == "counted"] == [1, 2, 3]
    assert events(out)[0] == "job.run.started"
    assert events(out)[-1] == "job.run.finished"


def test_levels_narrow_and_what_is_cut_off_is_said(
    host: Host, installation: Installation, jobs: Callable[..., tuple[str, str]]
) -> None:
    run = executed(host, installation)
    out, err = jobs("logs", run.run_id, "--level", "error")
    assert out == ""
    said = r"No line of that run is of the level error or above; \d+ are below it\.\n"
    assert re.fullmatch(said, err)
    out, err = jobs("logs", run.run_id, "--limit", "2")
    assert len(out.splitlines()) == 2
    assert err == "Shown: the latest 2 lines; --limit gives more.\n"


def test_following_ends_with_the_last_words_of_the_run(
    host: Host, installation: Installation, jobs: Callable[..., tuple[str, str]]
) -> None:
    run = host.jobs.trigger(installation, "count", {})
    worker = threading.Timer(0.3, host.jobs.execute, [run.run_id], {"worker": "test"})
    worker.start()
    out, _ = jobs("logs", run.run_id, "--follow", "--json")
    worker.join()
    assert events(out).count("counted") == 3
    assert events(out)[-1] == "job.run.finished"


def test_following_a_run_that_has_ended_shows_it_and_ends(
    host: Host, installation: Installation, jobs: Callable[..., tuple[str, str]]
) -> None:
    run = executed(host, installation)
    followed, _ = jobs("logs", run.run_id, "--follow", "--json")
    assert followed == jobs("logs", run.run_id, "--json")[0]


def test_following_ends_also_where_no_last_words_come(
    host: Host,
    installation: Installation,
    jobs: Callable[..., tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that waited when it was terminated has no worker that could say more."""
    monkeypatch.setattr(run_logs, "WAIT_FOR_THEM", 0.1)
    run = host.jobs.trigger(installation, "count", {})
    host.runs.terminate(run.run_id, now=host.clock.now())
    out, err = jobs("logs", run.run_id, "--follow")
    assert (out, "No line" in err) == ("", True)


def test_last_words_below_the_level_that_is_shown_end_it_too(
    host: Host,
    installation: Installation,
    jobs: Callable[..., tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_logs, "WAIT_FOR_THEM", 3600.0)
    run = executed(host, installation)
    assert jobs("logs", run.run_id, "--follow", "--level", "error")[0] == ""


def test_unknown_runs_are_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Host.open(HostConfig(home=home, secrets="encrypted")):
        pass
    arguments = ["--home", str(home), "jobs", "logs", "nonsense"]
    assert run_command(program, arguments, kept={}) == 66
    assert "There is no run nonsense." in capsys.readouterr().err


def test_a_run_in_another_process_is_followed_to_its_end(
    host: Host, installation: Installation, cli: Program
) -> None:
    with cli.serve():
        run_id = cli.ok("jobs", "trigger", "shop", "count", "--json").json["run_id"]
        followed = cli.ok("jobs", "logs", run_id, "--follow", "--json")
    assert events(followed.out)[-1] == "job.run.finished"
    assert events(followed.out).count("counted") == 3
    assert host.runs.get(run_id).status is RunStatus.COMPLETE
