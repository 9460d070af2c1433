"""What does the engine promise beyond the contract (test_engines_agree)? Its records and kills."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from mooring.adapters.dbos_engine import DbosEngine
from mooring.testing.engine_contract import Executed, until

CHILD = """
import json, sys, time
from mooring.adapters.dbos_engine import DbosEngine
from pathlib import Path
place, notes, slow = json.loads(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])

def execute(run_id, epoch):
    with notes.open("a") as file:
        print("began", run_id, epoch, file=file, flush=True)
        time.sleep(slow)
        print("ended", run_id, epoch, file=file, flush=True)

place = {"file": Path(place["file"])} if "file" in place else place
engine = DbosEngine(execute, executor="home", **place)
engine.launch()
if slow:
    engine.submit("r1", epoch=4)
time.sleep(30)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Where an engine keeps its records, once of each kind."""
    if request.param == "sqlite":
        return {"file": tmp_path / "engine.sqlite"}
    return {"database_url": request.getfixturevalue("postgresql_url")}


@pytest.fixture
def executed() -> Executed:
    return Executed()


def test_a_process_killed_in_mid_run_is_followed_by_one_that_executes_it_again(
    place: dict[str, Any], tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    with child(place, notes, slow=20) as first:
        until(lambda: noted(notes) == ["began r1 4"])
        first.kill()
    with child(place, notes, slow=0) as second:
        until(lambda: noted(notes) == ["began r1 4", "began r1 4", "ended r1 4"])
        second.kill()
        assert second.communicate() == ("", ""), "it prints nothing"


def child(place: dict[str, Any], notes: Path, *, slow: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(place, default=str), str(notes), str(slow)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def noted(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def test_old_records_are_swept_when_it_starts(tmp_path: Path, executed: Executed) -> None:
    file = tmp_path / "engine.sqlite"
    engine = DbosEngine(executed, executor="home", file=file)
    engine.launch()
    for number in range(3):
        engine.submit(f"r{number}", epoch=0)
    until(lambda: len(executed.calls) == 3 and engine.busy() == 0)
    until(lambda: recorded(file) == ["SUCCESS"] * 3)
    assert engine.sweep() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=1)):
        assert engine.sweep() == 3
    assert recorded(file) == []
    engine.shutdown(timeout=5)


def test_records_of_an_executor_that_never_came_back_are_swept_in_the_end(
    tmp_path: Path, executed: Executed
) -> None:
    file = tmp_path / "engine.sqlite"
    with child({"file": file}, tmp_path / "notes", slow=20) as gone:
        until(lambda: noted(tmp_path / "notes"))
        gone.kill()
        gone.communicate()
    engine = DbosEngine(executed, executor="another", file=file)
    engine.launch()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        assert engine.sweep() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        assert engine.sweep() == 1
    engine.shutdown(timeout=5)
    assert executed.calls == []


def recorded(file: Path) -> list[str]:
    connection = sqlite3.connect(file)
    try:
        return [status for (status,) in connection.execute("SELECT status FROM workflow_status")]
    finally:
        connection.close()


def test_its_file_is_private_in_wal_mode_and_holds_no_pickles(
    tmp_path: Path, executed: Executed
) -> None:
    file = tmp_path / "engine.sqlite"
    engine = DbosEngine(executed, executor="home", file=file)
    engine.launch()
    engine.submit("r1", epoch=0)
    until(lambda: executed.calls and engine.busy() == 0)
    engine.shutdown(timeout=5)
    assert file.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(file)
    [mode] = connection.execute("PRAGMA journal_mode").fetchone()
    [kind] = connection.execute("SELECT serialization FROM workflow_status").fetchone()
    connection.close()
    assert (mode, kind) == ("wal", "portable_json")


def test_its_records_name_the_worker_and_a_version_that_upgrades_do_not_change(
    tmp_path: Path, executed: Executed
) -> None:
    file = tmp_path / "engine.sqlite"
    engine = DbosEngine(executed, executor="this one", file=file)
    engine.launch()
    for number in range(3):
        engine.submit(f"r{number}", epoch=0)
    until(lambda: len(executed.calls) == 3 and engine.busy() == 0)
    engine.shutdown(timeout=5)
    connection = sqlite3.connect(file)
    found = connection.execute(
        "SELECT DISTINCT executor_id, application_version, name FROM workflow_status"
    ).fetchall()
    connection.close()
    assert found == [("this one", "1", "run")]


def test_importing_it_does_not_import_the_engine_itself() -> None:
    code = "import sys, mooring.adapters.dbos_engine; print('dbos' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
