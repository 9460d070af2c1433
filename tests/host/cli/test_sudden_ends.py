"""An app that ends the process of a command does not end it without a word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mooring.cli.sudden_ends import sudden_ends_told
from tests.conftest import Program
from tests.host.cli.conftest import APP

ENDING = """
import os
from mooring.sdk import Job, JobStatus

class Ending(Job):
    def prepare(self, params, status=None, resuming=False):
        return JobStatus({})

    def perform(self, status):
        os._exit(0)
"""
FORKING = """
import os
from mooring.cli.sudden_ends import sudden_ends_told
with sudden_ends_told({}):
    if (child := os.fork()) == 0:
        os._exit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def ending(cli: Program, app: Path) -> Program:
    """Give the program with an app whose job ends the process."""
    manifest = yaml.safe_load((app / "app.yml").read_text())
    manifest["jobs"] = {"ending": {"entry_point": "ending:Ending", "description": "Ends."}}
    (app / "app.yml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    (app / "src/jobs").mkdir(exist_ok=True)
    (app / "src/jobs/ending.py").write_text(ENDING)
    cli.ok("install", str(app))
    return cli


def test_a_run_that_is_waited_for(ending: Program) -> None:
    answer = ending("jobs", "trigger", APP, "ending", "--wait")
    assert answer.status == 70
    assert "mooring: The app ended this process: os._exit(0). The run " in answer.err
    assert "mooring jobs terminate " in answer.err


def test_a_plan_says_that_nothing_was_written(ending: Program) -> None:
    answer = ending("jobs", "trigger", APP, "ending", "--plan", "--json")
    assert answer.status == 70
    assert json.loads(answer.err)["error"]["message"] == (
        "The app ended this process: os._exit(0). Nothing was written."
    )


def test_what_was_there_is_there_again() -> None:
    before = os._exit
    with sudden_ends_told({}):
        assert os._exit is not before
    assert os._exit is before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing can fork here")
def test_a_process_that_was_forked_off_ends_as_it_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("3\n", "")
