"""Workers are killed at random, over and over: no step is missing, none is repeated once committed.

A kill waits until the runs of the last victim have committed another step, so that no run loses
three workers over one and the same step, for which it would be given up.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import SOAK, Program
from tests.scenarios.crew import crew, ended, until
from tests.scenarios.ledger import Ledger, faults

pytestmark = pytest.mark.timeout(3600 if SOAK else 120)

# More runs than places, so that those of the dead have to come before those that wait.
RUNS, PLACES, STEPS, KILLS = (20, 4, 200, 200) if SOAK else (5, 1, 12, 2)
SECONDS = 0.4 if SOAK else 0.1
COMMITTED = 3  # lines: the step was begun again, was ended, and the next one was begun


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@dataclass
class Chase:
    """Runs, and the hunt for whoever is at them."""

    host: Host
    ledger: Ledger
    end: Callable[[int], None]
    run_ids: list[str] = field(default_factory=list)
    choose: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311  # repeatable

    def begin(self, count: int) -> None:
        """Trigger runs."""
        installation = self.host.installation("shop")
        parameters = self.ledger.parameters(steps=STEPS, seconds=SECONDS)
        for _ in range(count):
            self.run_ids.append(self.host.jobs.trigger(installation, "steps", parameters).run_id)

    def kill_one(self) -> None:
        """Kill a worker that is at a run, and wait until its runs go on."""
        victim = self.choose.choice(until(self._at_work, "a worker is at a run"))
        self.end(victim)
        for run_id in self.run_ids:
            self.ledger.look(self.host.runs.get(run_id))
        lines = {run_id: self.ledger.of(run_id) for run_id in self.run_ids}
        before = {one: len(of) for one, of in lines.items() if of and of[-1].pid == victim}
        until(lambda: self._have_gone_on(before), f"somebody goes on with {before}")

    def judge(self) -> None:
        """Wait for the end of all, and look at what became of them."""
        runs = [ended(self.host, run_id) for run_id in self.run_ids]
        found = [
            faults(run, self.ledger.of(one), steps=STEPS, seen=self.ledger.seen.get(one, ()))
            for run in runs
            for one in [run.run_id]
        ]
        assert [said for each in found for said in each] == []

    def _at_work(self) -> list[int]:
        active = [one for one in self.run_ids if not self.host.runs.get(one).status.final]
        if not active:
            self.begin(1)  # On a slow machine the first ones have ended before the last kill.
        return sorted({self.ledger.of(one)[-1].pid for one in active if self.ledger.of(one)})

    def _have_gone_on(self, before: dict[str, int]) -> bool:
        return all(
            len(self.ledger.of(run_id)) >= count + COMMITTED
            or self.host.runs.get(run_id).status.final
            for run_id, count in before.items()
        )


def test_three_workers_on_postgresql(tmp_path: Path, postgresql_url: str, ledger: Ledger) -> None:
    app, places = ledger.write_app(tmp_path / "app"), ("--concurrency", str(PLACES))
    with crew(tmp_path, postgresql_url) as workers, workers.open_host() as host:
        host.lifecycle.install(app)
        for _ in range(3):
            workers.add(*places)

        def replace(pid: int) -> None:
            workers.kill(pid)
            workers.add(*places)

        chase = Chase(host, ledger, replace)
        chase.begin(RUNS)
        for _ in range(KILLS):
            chase.kill_one()
        chase.judge()


def test_the_job_process_of_serve_on_sqlite(cli: Program, tmp_path: Path, ledger: Ledger) -> None:
    cli.ok("install", str(ledger.write_app(tmp_path / "app")))
    config = HostConfig(home=cli.home, secrets="encrypted")
    with cli.serve() as serving, Host.open(config) as host:
        chase = Chase(host, ledger, lambda pid: os.kill(pid, signal.SIGKILL))
        chase.begin(RUNS)
        for _ in range(KILLS):
            chase.kill_one()
        chase.judge()
        assert serving.process.poll() is None
