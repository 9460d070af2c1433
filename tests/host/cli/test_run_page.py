"""What `jobs show` tells people of runs that wait, run, have failed and have lost their workers."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.home_lock import HomeLock
from mooring.adapters.repositories.runs import NOT_YET
from mooring.cli.run_page import page_of, waits_for
from mooring.hosting.host import Host
from mooring.hosting.job_runs import WAITING
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from tests.host.apps import App


@pytest.fixture
def installation(host: Host, tmp_path: Path) -> Installation:
    """Install an app with a job that is never repeated, and runs once at a time."""
    app = App(tmp_path / "app").counting(overlap="queue", retry={"attempts": 1})
    return host.lifecycle.install(app.finish())


def triggered(host: Host, installation: Installation, **parameters: Any) -> Run:
    return host.jobs.trigger(installation, "count", parameters)


def executed(host: Host, installation: Installation, **parameters: Any) -> Run:
    run = triggered(host, installation, **parameters)
    return host.jobs.execute(run.run_id, worker="test")


def facts(page: str) -> dict[str, str]:
    """Read the lines of a page up to the state."""
    lines = (line.split("  ", 1) for line in page.partition("\nstate")[0].splitlines())
    return {name: value.strip() for name, value in lines}


def test_a_run_that_has_ended_tells_how_far_it_came_and_what_it_took(
    host: Host, installation: Installation
) -> None:
    shown = facts(page_of(host, executed(host, installation)))
    assert shown["status"] == "COMPLETE"
    assert shown["completed"].partition(", after ")[2].endswith(" ms")
    assert not {"waits", "attempts", "workers lost", "what to do"} & shown.keys()


def test_progress_statistics_and_losses_are_told(host: Host, installation: Installation) -> None:
    now = host.clock.now()
    since = (now - timedelta(seconds=10)).isoformat()
    run = replace(
        triggered(host, installation),
        status=RunStatus.RUNNING,
        steps=40,
        attempt=1,
        workers_lost=2,
        heartbeat_at=now,
        started_at=now - timedelta(seconds=10),
        progress={"done": 100, "total": 400, "unit": "sheep"},
        statistics={
            "counting_since": since,
            "counting_from": 0,
            "step_ms_total": 8000,
            "step_ms_longest": 700,
            "attempts_total": 3,
            "waited_ms": 65_000,
        },
    )
    shown = facts(page_of(host, run))
    assert shown["steps"] == "40; 8,000 ms in all, 200 ms each, 700 ms the longest"
    assert shown["progress"].startswith("100 of 400 sheep (25 %), ")
    assert shown["attempts"] == (
        "3 failed, 1 of them at the present step; put off for 1 min 5 s in all"
    )
    assert shown["workers lost"] == "2"
    ended = facts(page_of(host, replace(run, status=RunStatus.ERROR)))
    assert ended["attempts"].startswith("3 failed, 2 of them at the present step")


def test_a_failure_tells_its_last_words_and_what_to_do(
    host: Host, installation: Installation
) -> None:
    run = executed(host, installation, fails="no sheep")
    assert run.status is RunStatus.ERROR
    page = page_of(host, run)
    error = facts(page)["error"]
    assert re.fullmatch(r"ValueError: no sheep \(src/jobs/\w+\.py:\d+\)", error)
    assert f"mooring jobs logs {run.run_id}" in facts(page)["what to do"]
    assert f"mooring jobs resume {run.run_id}" in facts(page)["what to do"]
    tail = page.partition("What it logged last:\n")[2].splitlines()
    assert [line.split()[2] for line in tail] == ["odd", "job.run.raised", "job.run.finished"]
    assert "the moon" in tail[0]
    assert tail[1].endswith(f"error={error}")


def test_a_failure_whose_lines_are_gone_says_so(host: Host, installation: Installation) -> None:
    run = executed(host, installation, fails="no sheep")
    for file in host.home.logs.glob("*.jsonl*"):
        file.unlink()
    assert "no longer in the log of this home" in page_of(host, run)


class TestWaiting:
    """What keeps a run from going on, and until when."""

    @pytest.fixture
    def now(self, host: Host) -> datetime:
        return host.clock.now()

    def test_for_its_time(self, host: Host, installation: Installation, now: datetime) -> None:
        run = triggered(host, installation)
        later = replace(run, scheduled_at=now + timedelta(minutes=25))
        assert waits_for(host, later, now=now).endswith(", in 25 min")

    def test_for_another_attempt(
        self, host: Host, installation: Installation, now: datetime
    ) -> None:
        put_off = replace(
            triggered(host, installation), not_before=now + timedelta(seconds=30), error="Too fast."
        )
        assert waits_for(host, put_off, now=now).endswith(", in 30 s: Too fast.")

    def test_for_a_transition(self, host: Host, installation: Installation, now: datetime) -> None:
        held = replace(triggered(host, installation), scheduled_at=NOT_YET)
        assert "until the upgrade" in waits_for(host, held, now=now)

    def test_for_a_place(self, host: Host, installation: Installation, now: datetime) -> None:
        first, second = triggered(host, installation), triggered(host, installation)
        host.runs.take(first.run_id, worker="test", now=now)
        said = waits_for(host, second, now=now + timedelta(seconds=1))
        assert said == "for a place: 1 of this job may run at a time, and so many do"

    def test_for_a_worker(self, host: Host, installation: Installation, now: datetime) -> None:
        run, soon = triggered(host, installation), now + timedelta(seconds=1)
        assert "start `mooring serve`" in waits_for(host, run, now=soon)
        lock = HomeLock(host.home.lock)
        assert lock.acquire()
        assert waits_for(host, run, now=soon) == "for a worker with room for it"
        lock.release()

    def test_for_a_worker_that_is_silent(
        self, host: Host, installation: Installation, now: datetime
    ) -> None:
        run = triggered(host, installation)
        taken = host.runs.take(run.run_id, worker="test", now=now)
        with host.jobs.stand_in() as free:
            assert free
            assert waits_for(host, taken, now=now + timedelta(seconds=5)) == ""
            said = waits_for(host, taken, now=now + timedelta(seconds=45))
        assert said == "its worker has been silent for 45 s; another one takes it over"

    def test_for_somebody_to_start_a_worker_where_its_own_has_gone(
        self, host: Host, installation: Installation, now: datetime
    ) -> None:
        run = triggered(host, installation)
        taken = replace(
            host.runs.take(run.run_id, worker="test", now=now),
            started_at=now - timedelta(seconds=10),
            progress={"done": 100, "total": 400, "unit": "sheep"},
            statistics={"counting_since": (now - timedelta(seconds=10)).isoformat()},
        )
        shown = facts(page_of(host, taken))
        assert shown["waits"] == "nobody runs it: start `mooring serve`"
        assert shown["progress"] == "100 of 400 sheep (25 %)"

    def test_for_a_command_that_has_this_home(
        self, host: Host, installation: Installation, now: datetime
    ) -> None:
        run = triggered(host, installation)
        with host.jobs.stand_in(command=WAITING):
            said = waits_for(host, run, now=now + timedelta(seconds=1))
        assert said == (
            f"until `mooring jobs … --wait` (process {os.getpid()}) has ended, which has this home"
        )
