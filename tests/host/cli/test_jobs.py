"""Runs through the command line: executed here, left for serve, listed, shown."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.home_lock import HomeLock
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.run import NOTHING_YET
from tests.conftest import Program
from tests.host.cli.conftest import APP

WITHIN = 30.0  # seconds


def test_waiting_executes_the_run_here(installed: Program) -> None:
    installed.ok("functions", "invoke", APP, "hello", "--body", '{"name": "Ada"}')
    run = installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json").json
    assert (run["status"], run["steps"], run["state"]) == ("COMPLETE", 1, {"forgotten": 1})
    assert run["error"] is None
    assert run["started_at"] <= run["completed_at"]
    shown = installed.ok("jobs", "show", run["run_id"], "--json").json
    assert shown == run
    assert set(shown) == {
        *("run_id", "app_id", "job", "status", "state", "steps", "error"),
        *("started_at", "completed_at", "progress", "statistics", "workers_lost"),
    }
    assert shown["statistics"].keys() == NOTHING_YET.keys()


def test_the_first_characters_of_an_id_stand_for_its_run(installed: Program) -> None:
    run = installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json").json
    assert installed.ok("jobs", "show", run["run_id"][:8], "--json").json == run
    assert installed("jobs", "show", run["run_id"][:3]).status == 66
    assert installed.ok("logs", "--run", run["run_id"][:8]).out
    answer = installed.ok("jobs", "terminate", run["run_id"][:8].upper())
    assert "had ended before" in answer.err


def test_without_waiting_the_run_stays_pending_and_says_so(installed: Program) -> None:
    answer = installed.ok("jobs", "trigger", APP, "tidy")
    assert "PENDING" in answer.out
    assert "mooring serve" in answer.err
    (run,) = installed.ok("jobs", "list", "--json").json
    assert run["status"] == "PENDING"


def test_commands_that_wait_at_the_same_time_all_come_to_their_ends(installed: Program) -> None:
    def trigger(_: int) -> Any:
        return installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json").json["status"]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(trigger, range(4))) == ["COMPLETE"] * 4


def test_a_run_is_executed_here_once_whoever_had_the_place_has_left(installed: Program) -> None:
    place = HomeLock(installed.home / "host.lock")
    assert place.acquire()
    with ThreadPoolExecutor(1) as threads:
        command = threads.submit(installed, "jobs", "trigger", APP, "tidy", "--wait", "--json")
        while not installed.ok("jobs", "list", "--json").json:
            time.sleep(0.05)
        assert not command.done()
        place.release()
        assert command.result().json["status"] == "COMPLETE"


def test_a_failed_run_ends_the_command_with_1_and_keeps_its_reason(installed: Program) -> None:
    root = next((installed.home / "apps" / APP).iterdir())
    path = root / "src/jobs/tidy.py"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("forgotten = storage", "return {'a': {1, 2}}; forgotten = storage"), "utf-8"
    )
    answer = installed("jobs", "trigger", APP, "tidy", "--wait", "--json")
    assert answer.status == 1
    assert answer.json["status"] == "ERROR"
    assert answer.json["error"]
    assert "Traceback" not in answer.err


def rewritten(installed: Program, old: str, new: str) -> None:
    """Change the job of the installed app."""
    root = next((installed.home / "apps" / APP).iterdir())
    path = root / "src/jobs/tidy.py"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_secret_that_an_app_puts_into_a_run_is_not_shown(installed: Program) -> None:
    secret = 'canary "7f3a9c"'
    installed.ok("secrets", APP, "set", "token=-", stdin=f"{secret}\n")
    leak = (
        "return JobStatus(complete=True, state=storage.secrets.get('token')); forgotten = storage"
    )
    rewritten(installed, "forgotten = storage", leak)
    parameters = json.dumps({"token": secret})
    run = installed.ok("jobs", "trigger", APP, "tidy", "--parameters", parameters, "--wait")
    (listed,) = installed.ok("jobs", "list", "--json").json
    assert listed["state"] == {"value": "•••"}
    shown = installed.ok("jobs", "show", listed["run_id"])
    assert "canary" not in shown.out + run.out


def test_a_state_that_utf_8_cannot_spell_is_shown_all_the_same(installed: Program) -> None:
    odd = "return JobStatus(complete=True, state={'half': '\\ud800'}); forgotten = storage"
    rewritten(installed, "forgotten = storage", odd)
    run = installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json").json
    assert run["state"] == {"half": "\ud800"}
    assert "ud800" in installed.ok("jobs", "show", run["run_id"]).out


def test_a_credential_from_the_environment_is_not_shown(cli: Program, app: Path) -> None:
    manifest = app / "app.yml"
    declared = "environment:\n  - APP_ENV_SHOP_TOKEN\n"
    manifest.write_text(manifest.read_text("utf-8") + f"\n{declared}", "utf-8")
    cli.ok("install", str(app))
    fails = "raise ValueError(environment['APP_ENV_SHOP_TOKEN']); forgotten = storage"
    rewritten(cli, "forgotten = storage", fails)
    rewritten(cli, "from mooring.sdk import", "from mooring.sdk import environment,")
    cli.ok("jobs", "trigger", APP, "tidy")
    (run,) = cli.ok("jobs", "list", "--json").json
    environment = {"APP_ENV_SHOP_TOKEN": "canary-7f3a9c"}
    with Host.open(HostConfig(home=cli.home, environment=environment)) as host:
        ended = host.jobs.execute(run["run_id"], worker="test")
    assert str(ended.error).startswith("ValueError: ••• (src/jobs/tidy.py:")
    assert "canary" not in (cli.home / "logs" / "mooring.jsonl").read_text("utf-8")


def test_parameters_that_are_no_object_are_refused(installed: Program) -> None:
    for given in ("[1]", "{"):
        assert installed("jobs", "trigger", APP, "tidy", "--parameters", given).status == 2


def test_unknown_jobs_and_runs_are_named(installed: Program) -> None:
    job = installed("jobs", "trigger", APP, "tidi")
    assert (job.status, "It has: tidy." in job.err) == (66, True)
    run = installed("jobs", "show", "nonsense")
    assert (run.status, "There is no run nonsense." in run.err) == (66, True)


def test_a_serve_without_jobs_does_not_execute_it_either(installed: Program) -> None:
    with installed.serve("--no-jobs"):
        answer = installed.ok("jobs", "trigger", APP, "tidy")
        assert "PENDING" in answer.out
        assert "mooring serve" in answer.err
        assert installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json").json["steps"] > 0


def test_serve_picks_up_what_was_left_pending(installed: Program) -> None:
    run_id = installed.ok("jobs", "trigger", APP, "tidy", "--json").json["run_id"]
    with installed.serve():
        deadline = time.monotonic() + WITHIN
        run = installed.ok("jobs", "show", run_id, "--json").json
        while run["status"] != "COMPLETE" and time.monotonic() < deadline:
            time.sleep(0.1)
            run = installed.ok("jobs", "show", run_id, "--json").json
    assert run["status"] == "COMPLETE"


def test_runs_are_listed_by_account_and_unknown_apps_are_named(
    installed: Program, app: Path
) -> None:
    installed.ok("install", str(app), "--account", "second")
    installed.ok("jobs", "trigger", APP, "tidy", "--account", "second")
    assert len(installed.ok("jobs", "list", "--json").json) == 1
    assert installed.ok("jobs", "list", "--account", "local", "--json").json == []
    unknown = installed("jobs", "list", "nope")
    assert (unknown.status, "nope is not installed" in unknown.err) == (66, True)
    assert installed("jobs", "list", "--limit", "0").status == 2


def test_a_pause_between_attempts_is_told_with_its_reason(installed: Program) -> None:
    root = next((installed.home / "apps" / APP).iterdir())
    manifest = root / "app.yml"
    retry = "    retry: {attempts: 2, backoff_seconds: 1}\n"
    text = manifest.read_text("utf-8").replace(
        "    entry_point: Tidy\n", f"    entry_point: Tidy\n{retry}"
    )
    manifest.write_text(text, "utf-8")
    path = root / "src/jobs/tidy.py"
    code = path.read_text("utf-8").replace(
        "forgotten = storage", "raise RuntimeError('boom'); forgotten = storage"
    )
    path.write_text(code, "utf-8")
    answer = installed("jobs", "trigger", APP, "tidy", "--wait")
    assert answer.status == 1
    said = r"… RuntimeError: boom \(src/jobs/tidy\.py:\d+\)\. Goes on in 1 s\."
    assert re.search(said, answer.err)


def test_ending_a_run_that_has_ended_says_so(installed: Program) -> None:
    run_id = installed.ok("jobs", "trigger", APP, "tidy", "--json").json["run_id"]
    installed.ok("jobs", "terminate", run_id)
    assert "had ended before: it is TERMINATED" in installed.ok("jobs", "terminate", run_id).err


BRITTLE = """\
from mooring.sdk import Job, JobStatus, errors, storage


class Brittle(Job):
    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus({"n": 0})

    def perform(self, status):
        n = status.state["n"] + 1
        if n == 3 and not storage.kv_store.exists("mended"):
            raise errors.RequestRefused("The shop says no.")
        return JobStatus({"n": n}, n == 4)
"""


@pytest.fixture
def brittle(cli: Program, app: Path) -> Program:
    """Give the program with an app whose job fails until somebody mends the shop."""
    manifest = app / "app.yml"
    entry = "  brittle:\n    entry_point: Brittle\n    description: x\n    parameters: {pages: 3}\n"
    text = manifest.read_text("utf-8").replace("\njobs:\n", f"\njobs:\n{entry}")
    manifest.write_text(text, "utf-8")
    (app / "src/jobs/brittle.py").write_text(BRITTLE, "utf-8")
    cli.ok("install", str(app))
    return cli


def test_a_run_that_failed_is_resumed_from_its_last_state(brittle: Program) -> None:
    failed = brittle("jobs", "trigger", APP, "brittle", "--wait", "--json")
    assert (failed.status, failed.json["status"], failed.json["steps"]) == (1, "ERROR", 2)
    run_id = failed.json["run_id"]
    with Host.open(HostConfig(home=brittle.home, secrets="encrypted")) as host:
        services = host.invocation(host.installation(APP), entry_point="test").services
        services.kv_store.put("mended", {})
    waiting = brittle.ok("jobs", "resume", run_id[:8])
    assert "PENDING  2 steps" in waiting.out
    assert "mooring serve" in waiting.err
    refused = brittle("jobs", "resume", run_id)
    assert refused.status == 75
    assert "is PENDING: it goes on by itself" in refused.err
    brittle.ok("jobs", "terminate", run_id)
    done = brittle.ok("jobs", "resume", run_id, "--wait", "--json").json
    assert (done["status"], done["steps"], done["state"]) == ("COMPLETE", 4, {"n": 4})
    refused = brittle("jobs", "resume", run_id)
    assert "COMPLETE: there is nothing left to do" in refused.err
    assert f"`mooring jobs trigger {APP} brittle`" in refused.err
    with Host.open(HostConfig(home=brittle.home, secrets="encrypted")) as host:
        said = [each.message for each in host.history.of(app_id=APP) if each.action == "resume"]
    assert said == [
        f"brittle {run_id}, which was TERMINATED after 2 steps",
        f"brittle {run_id}, which was ERROR after 2 steps: The shop says no.",
    ]


def test_a_run_of_an_app_that_is_gone_is_not_resumed(installed: Program) -> None:
    run = installed.ok("jobs", "trigger", APP, "tidy", "--json").json
    installed.ok("jobs", "terminate", run["run_id"])
    installed.ok("uninstall", APP)
    refused = installed("jobs", "resume", run["run_id"])
    assert refused.status == 75
    assert f"{APP} is not installed any more" in refused.err


def test_parameters_of_another_kind_are_refused_before_anything_runs(brittle: Program) -> None:
    refused = brittle("jobs", "trigger", APP, "brittle", "--parameters", '{"pages": "many"}')
    assert refused.status == 2
    assert "The parameter pages is a text, not a number. app.yml gives it the def" in refused.err
    assert brittle.ok("jobs", "list", "--json").json == []


def test_parameters_that_are_called_secrets_are_not_shown(installed: Program) -> None:
    given = '{"api_key": "canary-7f3a9c", "full": true}'
    run = installed.ok("jobs", "trigger", APP, "tidy", "--parameters", given, "--json").json
    shown = installed.ok("jobs", "show", run["run_id"]).out
    assert '{"api_key": "•••", "full": true}' in shown
    assert "canary" not in shown


def test_too_little_of_an_id_is_told(installed: Program) -> None:
    answer = installed("jobs", "show", "7c3")
    assert answer.status == 66
    assert "There is no run 7c3. Give at least 4 characters of an id." in answer.err
