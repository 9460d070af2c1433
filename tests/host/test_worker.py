"""Jobs in a process of their own: they run, wait for each other, and survive its death."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.repositories.delivery_shelf import DeliveryShelf
from mooring.adapters.tables import deliveries
from mooring.hosting.host import Host
from mooring.loader import NAMESPACE, unmount
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.run import JobSchedule, Run, RunStatus
from mooring.testing.memory import MemoryLog
from mooring.worker import JobProcess, work
from tests.conftest import Program

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
JOBS = """
  pages:
    entry_point: Pages
    description: Counts pages.
  single:
    entry_point: Pages
    description: Counts pages, one run at a time.
    concurrency: 1
  often:
    entry_point: Pages
    description: Counts pages, whatever else counts them.
    overlap: allow
"""
PAGES = '''
"""Count pages, and note every step in a file."""

import os
import time
from pathlib import Path

from mooring.sdk import Job, JobStatus


class Pages(Job):
    """As many steps as asked for."""

    def prepare(self, params, status=None, resuming=False):
        note(params, "resumed" if resuming else "prepared")
        return status or JobStatus({"page": 0})

    def perform(self, status):
        params = self.invocation.parameters
        page = status.state["page"] + 1
        note(params, f"page {page}")
        if params.get("deadly") == page:
            os._exit(9)
        time.sleep(params.get("seconds", 0))
        note(params, f"done {page}")
        return JobStatus({"page": page}, complete=page >= params.get("pages", 1))


def note(params, text):
    if "notes" not in params:
        return
    with Path(params["notes"]).open("a") as file:
        print(params.get("name", ""), text, file=file)
'''


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app with jobs that count pages."""
    base = tmp_path_factory.mktemp("app")
    folder = base / "counting"
    environment = {"PATH": os.environ["PATH"], "HOME": str(base), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "mooring", "init", str(folder), "--app-id", "counting"]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    manifest = folder / "app.yml"
    manifest.write_text(manifest.read_text("utf-8").rstrip() + JOBS, "utf-8")
    (folder / "src/jobs/pages.py").write_text(PAGES, "utf-8")
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest, home: Path) -> HostConfig:
    """A host's configuration, once with each database."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    return HostConfig(home=home, database_url=url, secrets="encrypted", master_key=MASTER_KEY)


only_sqlite = pytest.mark.parametrize("config", ["sqlite"], indirect=True)


@pytest.fixture
def host(config: HostConfig) -> Iterator[Host]:
    with Host.open(config) as opened:
        yield opened
    unmount(NAMESPACE)  # The next test's home has the same app in another folder.


@pytest.fixture
def installation(host: Host, app_folder: Path) -> Installation:
    return host.lifecycle.install(app_folder)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def trigger(host: Host, installation: Installation, notes: Path) -> Callable[..., Run]:
    def triggered(job: str = "pages", **parameters: Any) -> Run:
        return host.jobs.trigger(installation, job, {"notes": str(notes), **parameters})

    return triggered


@contextmanager
def working(config: HostConfig) -> Iterator[Callable[[], None]]:
    """Work in a thread for the length of the block; gives what ends it."""
    stop = threading.Event()

    def run() -> None:
        with Host.open(config) as own:
            work(own, stop=stop)

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()

    try:
        yield end
    finally:
        end()


def environment_of(config: HostConfig) -> Mapping[str, str]:
    given = {
        "HOME": str(config.home.parent),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path.cwd()),
        "MOORING_HOME": str(config.home),
        "MOORING_SECRETS": "encrypted",
        "MOORING_MASTER_KEY": MASTER_KEY,
    }
    return {
        **given,
        **({"MOORING_DATABASE_URL": config.database_url} if config.database_url else {}),
    }


@contextmanager
def worker_process(
    config: HostConfig, *arguments: str, by_hand: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run jobs in a process, as serve does."""
    started = () if by_hand else ("--under-serve",)
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", "worker", *started, *arguments],
        env=environment_of(config),
        stdin=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.02)


def noted(notes: Path) -> list[str]:
    return [line.strip() for line in notes.read_text().splitlines()] if notes.exists() else []


def logged(config: HostConfig) -> str:
    return "".join(file.read_text("utf-8") for file in (config.home / "logs").glob("*"))


def ended(host: Host, run: Run) -> Run:
    until(lambda: host.runs.get(run.run_id).status.final)
    return host.runs.get(run.run_id)


def completed(host: Host, run: Run) -> Run:
    last = ended(host, run)
    assert (last.status, last.error) == (RunStatus.COMPLETE, None)
    return last


def test_a_pending_run_is_executed(
    config: HostConfig, host: Host, trigger: Callable[..., Run]
) -> None:
    early = trigger(pages=2)
    with working(config):
        completed(host, early)
        began = time.monotonic()
        late = completed(host, trigger(pages=2))
        assert time.monotonic() - began < 2
    assert (late.steps, late.state) == (2, {"page": 2})


@only_sqlite
def test_a_due_schedule_starts_a_run(
    config: HostConfig, host: Host, installation: Installation, notes: Path
) -> None:
    due = host.clock.now().replace(microsecond=0)
    given = {"notes": str(notes)}
    schedule = JobSchedule(installation.install_id, "pages", "0 0 1 1 *", parameters=given)
    with working(config):
        host.schedules.put(replace(schedule, next_at=due))
        until(lambda: host.runs.recent(job="pages"))
        [run] = host.runs.recent(job="pages")
        assert completed(host, run).scheduled_at == due
    moved = host.schedules.get(installation.install_id, "pages")
    assert moved is not None
    assert moved.next_at is not None
    assert moved.next_at > due


@only_sqlite
def test_a_schedule_of_an_installations_own_is_in_force_within_a_second_in_a_running_process(
    config: HostConfig, host: Host, installation: Installation
) -> None:
    jobs, second = host.jobs_of(installation), timedelta(seconds=1)
    with worker_process(config):
        until(lambda: "job.worker.started" in logged(config))
        due = jobs.reschedule("often", "* * * * * ?", timezone="Asia/Kathmandu")
        assert due is not None
        until(lambda: host.runs.recent(job="often"))
        first = host.runs.recent(job="often")[-1]
        assert first.scheduled_at == due
        assert first.created_at - due < second
        jobs.reschedule("often", None)
        off = host.clock.now()
        time.sleep(1.5)
        assert all(run.created_at < off for run in host.runs.recent(job="often"))


def test_a_killed_workers_run_is_resumed_at_once_from_its_last_step(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    run = trigger(pages=3, seconds=0.4)
    with worker_process(config) as first:
        until(lambda: "page 2" in noted(notes))
        first.kill()
        first.wait()
    killed = time.monotonic()
    with worker_process(config):
        completed(host, run)
    assert time.monotonic() - killed < 15, "not only after the heartbeat was too old"
    assert [line for line in noted(notes) if not line.startswith("done")] == [
        *("prepared", "page 1", "page 2"),
        *("resumed", "page 2", "page 3"),
    ]


@only_sqlite
def test_a_worker_waits_until_whoever_stands_in_for_it_is_done(
    config: HostConfig, host: Host, trigger: Callable[..., Run]
) -> None:
    run = trigger()
    with host.jobs.stand_in() as free:
        assert free
        with working(config) as end:
            time.sleep(0.3)
            assert host.runs.get(run.run_id).status is RunStatus.PENDING
            end()
    with working(config):
        completed(host, run)


@only_sqlite
def test_nobody_stands_in_while_a_worker_runs(config: HostConfig, host: Host) -> None:
    def free() -> bool:
        with host.jobs.stand_in() as mine:
            return mine

    with working(config):
        until(lambda: not free())
    assert free()


@only_sqlite
def test_a_worker_that_is_stopped_gives_its_run_back_after_the_step(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    run = trigger(pages=50, seconds=0.2)
    with working(config) as end:
        until(lambda: "page 2" in noted(notes))
        end()
    given_back = host.runs.get(run.run_id)
    assert (given_back.status, given_back.attempt) == (RunStatus.PENDING, 0)
    assert noted(notes)[-1] == f"done {given_back.steps}"


@only_sqlite
def test_a_jobs_own_limit_holds_back_its_next_run(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    made = [trigger("single", name=name, seconds=0.2) for name in ("a", "b", "c")]
    with working(config):
        for run in made:
            completed(host, run)
    names = [line.split()[0] for line in noted(notes)]
    assert names == [*"aaabbbccc"]


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
def test_a_run_whose_app_is_broken_ends_in_error(
    config: HostConfig, host: Host, installation: Installation, trigger: Callable[..., Run]
) -> None:
    run = trigger()
    shutil.rmtree(installation.root)
    with working(config):
        failed = ended(host, run)
    assert failed.status is RunStatus.ERROR
    assert "app.yml" in (failed.error or "")


def test_an_abandoned_run_is_taken_over_when_its_heartbeat_is_too_old(
    config: HostConfig, host: Host, trigger: Callable[..., Run]
) -> None:
    run = trigger()
    long_ago = host.clock.now() - timedelta(minutes=2)
    host.runs.take(run.run_id, worker="another machine", now=long_ago)
    with working(config):
        completed(host, run)


@pytest.mark.parametrize("config", ["postgresql"], indirect=True)
def test_several_workers_share_the_runs_and_no_run_is_executed_twice(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    with worker_process(config), worker_process(config, "--concurrency", "2", by_hand=True):
        until(lambda: logged(config).count("job.worker.started") == 2)
        made = [trigger(name=f"run{number}", seconds=0.3) for number in range(12)]
        workers = {completed(host, run).worker for run in made}
    assert len(workers) == 2
    assert sorted(noted(notes)) == sorted(
        f"run{number} {what}" for number in range(12) for what in ("prepared", "page 1", "done 1")
    )


@pytest.mark.parametrize("config", ["postgresql"], indirect=True)
def test_several_workers_together_keep_to_the_limit_of_a_job(
    config: HostConfig, host: Host, trigger: Callable[..., Run], notes: Path
) -> None:
    with worker_process(config), worker_process(config, by_hand=True):
        until(lambda: logged(config).count("job.worker.started") == 2)
        made = [trigger("single", name=f"run{number}", seconds=0.2) for number in range(6)]
        workers = {completed(host, run).worker for run in made}
    assert len(workers) <= 2
    said = noted(notes)
    assert len(said) == 18
    for begin in range(0, 18, 3):  # prepared, page 1, done 1 of one run at a time
        assert len({line.split()[0] for line in said[begin : begin + 3]}) == 1


# -- the supervised process ----------------------------------------------------------------------


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


PARENT = """
import sys, time
from pathlib import Path
from mooring.testing.memory import MemoryLog
from mooring.worker import JobProcess
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
def test_a_worker_typed_by_hand_needs_postgresql(config: HostConfig) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mooring", "worker"],
        env=environment_of(config),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert "`mooring worker` needs PostgreSQL" in done.stderr
    assert done.stdout == ""


def test_a_worker_that_cannot_open_the_secret_store_does_not_start(
    cli: Program, postgresql_url: str
) -> None:
    answer = cli("worker", MOORING_DATABASE_URL=postgresql_url)
    assert answer.status == 78
    assert "Set MOORING_MASTER_KEY" in answer.err


@only_sqlite
def test_deliveries_that_were_handled_long_ago_are_forgotten(
    config: HostConfig, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    for name, state, days in (("old", "done", 31), ("new", "done", 29), ("dead", "dead", 400)):
        received = now - timedelta(days=days)
        row = {"delivery_id": name, "install_id": 1, "app_id": "a", "function": "f"}
        row |= {"dedupe_key": name, "request": "{}", "state": state, "attempts": 1}
        with host.database.write() as connection:
            connection.execute(
                deliveries.insert().values(**row, received_at=received, due_at=received)
            )
    monkeypatch.setattr("mooring.worker.SWEEP_EVERY", timedelta(0))
    shelf = DeliveryShelf(host.database)
    with working(config):
        until(lambda: len(shelf.recent()) == 2)
    assert [shown.delivery.delivery_id for shown in shelf.recent()] == ["new", "dead"]
