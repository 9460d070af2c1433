"""Does anybody run the jobs of this host, and what is to be done if nobody does?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mooring.cli.findings import Finding
from mooring.model.run import Run, RunStatus

if TYPE_CHECKING:
    from mooring.hosting.host import Host

MOST = 1000  # runs that the doctor counts


def remedy(host: Host) -> str:
    """Say what to start where nobody runs jobs."""
    serves = host.home.addresses() is not None
    if host.config.uses_postgresql:
        return "start `mooring worker`" if serves else "start `mooring serve` or `mooring worker`"
    if serves:
        return "`mooring serve` is up without jobs: start it without --no-jobs"
    return "start `mooring serve`"


def waits_for_home(host: Host) -> str:
    """Say what a run has to wait for while a command has this home; empty if none has."""
    from mooring.hosting.job_runs import WAITING

    if host.config.uses_postgresql and host.jobs.has_worker:
        return ""
    holder = host.jobs.holder
    if holder is None or holder.command != WAITING:
        return ""
    return f"until {holder} has ended, which has this home"


def left_behind(host: Host, run: Run) -> str:
    """Say that the worker of a run is gone, and who goes on with it; empty if that is not so."""
    if run.status is not RunStatus.RUNNING or run.worker is None or _lives(host, run.worker):
        return ""
    if host.jobs.has_worker:
        return "its worker is gone; another one takes it over"
    return f"nobody runs it: {remedy(host)}"


def worker_findings(host: Host) -> Iterator[Finding]:
    """Tell of the workers that live, and of runs that nobody runs."""
    from mooring.adapters.executor_locks import living_workers
    from mooring.adapters.repositories.runs_in_hand import RunsInHand

    for name in living_workers(host.database):
        yield Finding("worker", True, name)
    if host.jobs.has_worker:
        return
    workers = [run.worker for run in RunsInHand(host.database).all()]
    gone = {worker for worker in workers if not _lives(host, worker)}
    if left := sum(worker in gone for worker in workers):
        found = f"{_runs(left)} RUNNING, and nobody runs {'it' if left == 1 else 'them'}"
        yield Finding("runs", False, found, _sentence(remedy(host)))
    if due := len(host.runs.claimable(now=host.clock.now(), limit=MOST)):
        found = f"no worker lives, and {_runs(due)} waiting for one"
        expected = host.home.addresses() is not None  # then somebody counts on it
        yield Finding("workers", not expected, found, _sentence(remedy(host)))


def _lives(host: Host, worker: str) -> bool:
    """Whether a worker lives; over SQLite whoever has this home's lock is the one."""
    from mooring.adapters.executor_locks import holds_lock

    if host.database.is_postgresql:
        return holds_lock(host.database, worker)
    return host.jobs.has_worker


def _runs(count: int) -> str:
    return "1 run is" if count == 1 else f"{count:,} runs are"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
