"""A worker that was taken for dead wakes up in the middle of a step; what it does is refused."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest

from tests.conftest import SOAK
from tests.scenarios.crew import crew, ended, until
from tests.scenarios.ledger import Ledger

pytestmark = pytest.mark.timeout(3600 if SOAK else 120)

STEPS, SECONDS = 12, 0.3
LOCKS_HELD = """
SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""


def sessions(database_url: str) -> set[int]:
    """Name the sessions by which others see that workers live."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        return {pid for (pid,) in connection.execute(LOCKS_HELD)}


def cut(database_url: str, pid: int) -> None:
    """End a session as a network does that loses it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.parametrize("way", ["its session ends", "its heart stands still"])
def test_a_zombie_is_refused(tmp_path: Path, postgresql_url: str, way: str) -> None:
    if way == "its heart stands still" and not SOAK:
        pytest.skip("others wait half a minute for it: MOORING_SOAK=1")
    ledger = Ledger(tmp_path / "ledger")
    with crew(tmp_path, postgresql_url) as workers, workers.open_host() as host:
        installation = host.lifecycle.install(ledger.write_app(tmp_path / "app"))
        zombie = workers.add()
        (session,) = until(lambda: sessions(postgresql_url), "the worker holds its lock")
        parameters = ledger.parameters(steps=STEPS, seconds=SECONDS)
        run_id = host.jobs.trigger(installation, "steps", parameters).run_id
        until(lambda: ledger.of(run_id), "it begins a step")
        os.kill(zombie, signal.SIGSTOP)
        seen, stopped = ledger.of(run_id), host.runs.get(run_id)
        workers.add()
        if way == "its session ends":
            cut(postgresql_url, session)

        until(lambda: host.runs.get(run_id).epoch > stopped.epoch, "another one takes over")
        until(lambda: host.runs.get(run_id).steps > stopped.steps + 1, "and commits")
        os.kill(zombie, signal.SIGCONT)
        run = ended(host, run_id)
        let_go = until(lambda: said(workers.folder / "machine1", "job.run.let_go"), "it is refused")

    assert (run.status.value, run.steps) == ("COMPLETE", STEPS)
    (first,) = {line.taking for line in seen}
    others = [line for line in ledger.of(run_id) if line.taking != first]
    assert len({line.taking for line in others}) == 1, "nobody takes it from the second one"
    begun = [line.step for line in others if line.what == "begin"]
    assert begun == list(range(stopped.steps + 1, STEPS + 1)), "it goes on after what was committed"
    zombies = [line for line in ledger.of(run_id) if line.taking == first]
    assert {line.step for line in zombies} <= {*range(1, stopped.steps + 2)}, (
        "one step more at most"
    )
    assert let_go


def said(home: Path, event: str) -> bool:
    return f'"{event}"' in (home / "logs" / "mooring.jsonl").read_text()
