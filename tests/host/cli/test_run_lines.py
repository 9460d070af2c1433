"""Which lines are a run's, and where are they if not here?"""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

from mooring.cli.run_lines import lines_of, written_elsewhere
from mooring.hosting.host import Host
from mooring.model.run import Run, RunStatus
from mooring.testing.clock import START

RUN = Run("r1", 1, "shop", "local", "sync", RunStatus.RUNNING, {}, {}, 1, 1, 0, START, START)


def test_the_latest_lines_of_a_run_come_from_a_level_on_and_oldest_first(host: Host) -> None:
    for level, event, run_id in (
        ("error", "first", "r1"),
        ("warn", "second", "r1"),
        ("info", "third", "r1"),
        ("error", "another's", "r2"),
        ("error", "fourth", "r1"),
    ):
        host.log.log(level, event, {"run_id": run_id})
    events = [line["event"] for line in lines_of(host, RUN, level="warn", limit=2)]
    assert events == ["second", "fourth"]


def test_a_run_of_another_machine_says_where_its_lines_are(host: Host) -> None:
    run = replace(RUN, worker="far-away:/srv/mooring:17")
    shared: Any = replace(host.config, database_url="postgresql://db/mooring")
    assert written_elsewhere(host, run) == ""
    host.config = shared
    said = written_elsewhere(host, run)
    assert "far-away:/srv/mooring:17" in said
    assert f"mooring jobs logs {run.run_id}" in said
    machine = socket.gethostname()
    for worker in (f"{machine}:{host.home.path}:17", f"here:{machine}:17"):
        assert written_elsewhere(host, replace(run, worker=worker)) == ""
