"""How late do 10,000 schedules of 500 installations fire, and what do they cost in memory?

A real worker process fires and runs them, on SQLite. Its memory is compared with that of a worker
of the same home before there were schedules; both have run a job.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.findings import Findings, Promise, as_text
from benchmarks.processes import resident_mb, stopped
from benchmarks.served_app import FILES, ROOT
from mooring.adapters.repositories.lateness import Lateness
from mooring.engine.scheduler import first_due
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import JobSchedule

INSTALLATIONS, JOBS = 500, 20
SECONDS = 25.0
EVERY_MINUTES = 10
STARTS_WITHIN = 30.0
MORE_MB, LATE_P99 = 50.0, 1.0

TITLE = "Schedules of many installations"
ABOUT = f"""\
{INSTALLATIONS * JOBS:,} schedules in {INSTALLATIONS} installations, each due every {EVERY_MINUTES}
minutes at a second of its own, fired and run by one worker on SQLite for {SECONDS:.0f} seconds.
Lateness is from a run's due time until its row is written; memory is that of the worker process."""

JOB = """\
from mooring.sdk import Job, JobStatus


class Quick(Job):
    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus({})

    def perform(self, status):
        return JobStatus({}, complete=True)
"""


def main() -> int:
    """Measure, print, and fail when a promise is not kept."""
    findings = measure()
    print(as_text(findings))
    return 0 if findings.are_kept else 1


def measure() -> Findings:
    """Run a worker without schedules, and one with all of them."""
    with tempfile.TemporaryDirectory() as name, _host(Path(name)) as host:
        first = host.lifecycle.install(Path(name) / "app")
        with _worker(host) as pid:
            _run_one(host, first)
            alone = resident_mb(pid)
        _add_schedules(host, first)
        with _worker(host) as pid:
            _run_one(host, first)
            began = host.clock.now()
            time.sleep(SECONDS)
            more = resident_mb(pid) - alone
            late = Lateness(host.database).since(began)
    return _findings(late, alone, more)


def _findings(late: list[float], alone: float, more: float) -> Findings:
    p99 = statistics.quantiles(late, n=100)[98]
    figures = (
        ("due times", f"{len(late)}"),
        ("lateness, median", f"{statistics.median(late) * 1000:.0f} ms"),
        ("lateness, p99", f"{p99 * 1000:.0f} ms"),
        ("lateness, longest", f"{max(late) * 1000:.0f} ms"),
        ("memory without schedules", f"{alone:.1f} MB"),
        ("memory added", f"{more:.1f} MB"),
    )
    promises = (
        Promise("lateness p99, s", p99, LATE_P99),
        Promise("memory added, MB", more, MORE_MB),
    )
    return Findings(TITLE, ABOUT, ("", "found"), figures, promises)


@contextmanager
def _host(folder: Path) -> Iterator[Host]:
    entries = "".join(
        f'  job{number}: {{entry_point: "quick:Quick", description: Ends at once.}}\n'
        for number in range(JOBS)
    )
    manifest = f"{FILES['app.yml']}jobs:\n{entries}"
    for name, text in {**FILES, "app.yml": manifest, "src/jobs/quick.py": JOB}.items():
        path = folder / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with Host.open(HostConfig(home=folder / "home", secrets="encrypted")) as host:
        yield host


@contextmanager
def _worker(host: Host) -> Iterator[int]:
    options = ("--home", str(host.home.path), "worker", "--under-serve")
    command = [sys.executable, "-m", "mooring", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    with stopped(process):
        yield process.pid


def _run_one(host: Host, installation: Installation) -> None:
    """Let the worker run a job, so that it is up and has loaded the app."""
    run = host.jobs.trigger(installation, "job0", {})
    deadline = time.monotonic() + STARTS_WITHIN
    while not host.runs.get(run.run_id).status.final:
        if time.monotonic() > deadline:
            raise SystemExit("The worker does not run jobs.")
        time.sleep(0.05)


def _add_schedules(host: Host, first: Installation) -> None:
    """Install the app in more accounts, and spread the due times over all seconds."""
    now = host.clock.now()
    with host.database.write():
        for number in range(INSTALLATIONS):
            installation = first if number == 0 else _another(host, first, f"account{number}")
            for job in range(JOBS):
                _schedule(host, installation, number * JOBS + job, now)


def _another(host: Host, first: Installation, account: str) -> Installation:
    made = host.installations.create(
        app_id=first.app_id, account=account, version=first.version, root=str(first.root)
    )
    host.installations.set_state(made.install_id, InstallationState.INSTALLED)
    return made


def _schedule(host: Host, installation: Installation, number: int, now: datetime) -> None:
    place = number * EVERY_MINUTES * 60 // (INSTALLATIONS * JOBS)
    minute, second = divmod(place, 60)
    cron = f"{second} {minute}/{EVERY_MINUTES} * * * ?"
    schedule = JobSchedule(installation.install_id, f"job{number % JOBS}", cron)
    # What is due while the worker starts is nobody's lateness.
    next_at = first_due(schedule, now + timedelta(seconds=STARTS_WITHIN / 3))
    host.schedules.put(replace(schedule, next_at=next_at))


if __name__ == "__main__":
    sys.exit(main())
