"""The log through the command line: filtered, as text and as JSON lines."""

from __future__ import annotations

import json

from tests.conftest import Program
from tests.host.cli.conftest import APP


def test_a_runs_lines_are_found_by_its_id(installed: Program) -> None:
    run_id = installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json").json["run_id"]
    other = installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json").json["run_id"]
    lines = [
        json.loads(x) for x in installed.ok("logs", "--run", run_id, "--json").out.split("\n") if x
    ]
    assert lines
    assert {line["run_id"] for line in lines} == {run_id}
    assert other not in installed.ok("logs", "--run", run_id).out


def test_levels_and_apps_narrow(installed: Program) -> None:
    installed.ok("jobs", "trigger", APP, "tidy", "--wait")
    assert installed.ok("logs", "--app", APP).out
    assert installed.ok("logs", "--app", "another").out == ""
    assert installed.ok("logs", "--level", "error").out == ""


def test_nothing_found_is_said(installed: Program) -> None:
    answer = installed.ok("logs", "--run", "nonsense")
    assert (answer.out, answer.err) == ("", "No line of the log is about that.\n")
