"""Who keeps a job process running? It is replaced when it dies, and ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.run import Run, RunStatus
from mooring.testing.memory import MemoryLog
from mooring.working.job_process import JobProcess
from tests.host.working.conftest import (
    completed,
    ended,
    environment_of,
    noted,
    only_sqlite,
    until,
)


@only_sqlite
def test_a_child_that_dies_is_replaced_and_one_that_is_stopped_is_not(config: HostConfig) -> None:
    log = MemoryLog()
    supervised = JobProcess(config.home, log=log, environment=environment_of(config))
    supervised.start()
    until(lambda: supervised.pid)
    first = supervised.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: supervised.pid not in (None, first))
    [line] = log.lines
    assert (line.event, line.fields["exit_status"]) == ("job.process.died", -signal.SIGKILL)
    supervised.stop()
    assert supervised.pid is None
    assert len(log.lines) == 1


@only_sqlite
def test_a_child_that_was_at_work_is_replaced_without_hesitation(
    config: HostConfig, host: Host, trigger: Callable[..., Run]
) -> None:
    log = MemoryLog()
    supervised = JobProcess(config.home, log=log, environment=environment_of(config))
    supervised.HEALTHY_AFTER = 0.0
    supervised.start()
    for number in (1, 2, 3):
        completed(host, trigger(name=f"run {number}"))
        assert supervised.pid is not None
        os.kill(supervised.pid, signal.SIGKILL)
        until(partial(_has_lines, log, number))
    supervised.stop()
    assert [line.fields["again_in_seconds"] for line in log.lines] == [0.2, 0.2, 0.2]


def _has_lines(log: MemoryLog, count: int) -> bool:
    return len(log.lines) == count


PARENT = """
import sys, time
from pathlib import Path
from mooring.testing.memory import MemoryLog
from mooring.working.job_process import JobProcess
supervised = JobProcess(Path(sys.argv[1]), log=MemoryLog())
supervised.start()
while supervised.pid is None:
    time.sleep(0.01)
print(supervised.pid, flush=True)
time.sleep(60)
"""


@only_sqlite
def test_a_child_dies_with_its_parent(config: HostConfig) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(config.home)],
        env=environment_of(config),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        until((config.home / "host.lock").exists)
        parent.kill()
    until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return False
    return "State:\tZ" not in status.read_text()


@only_sqlite
def test_a_step_that_takes_its_workers_down_ends_in_error_and_others_go_on(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    deadly = trigger(name="deadly", deadly=1)
    supervised = JobProcess(config.home, log=MemoryLog(), environment=environment_of(config))
    supervised.start()
    try:
        failed = ended(host, deadly)
        completed(host, trigger(name="harmless"))
    finally:
        supervised.stop()
    assert failed.status is RunStatus.ERROR
    assert "was tried 3 times and each time its worker was lost" in (failed.error or "")
    assert noted(notes).count("deadly page 1") == 3


@only_sqlite
def test_a_child_that_cannot_start_is_tried_less_and_less_often(config: HostConfig) -> None:
    log = MemoryLog()
    broken = {**environment_of(config), "MOORING_LOG_LEVEL": "loud"}
    supervised = JobProcess(config.home, log=log, environment=broken)
    supervised.start()
    until(lambda: len(log.lines) >= 3)
    supervised.stop()
    said = [line.fields for line in log.lines[:3]]
    assert [fields["again_in_seconds"] for fields in said] == [0.2, 0.4, 0.8]
    assert {fields["exit_status"] for fields in said} == {78}
