"""The master key is rotated under a serve that answers, and killed while it is."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import httpx
import pytest
import yaml

from mooring.adapters.secrets.master_key import MasterKey
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import SOAK, Program, Serving

APP = "keeper"
SECRETS = 1500
KILLS = 40 if SOAK else 3
PATIENCE = 30.0  # seconds
TELL = """
from mooring.sdk import Function, Response, storage


class Tell(Function):
    def perform(self):
        wanted = range(int(self.request.params["from"]), 1500, 250)
        found = {str(n): storage.secrets.get(f"key_{n}").get("value") for n in wanted}
        storage.secrets.put("written", {"value": self.request.params["from"]})
        return Response(200, {"right": found == {n: f"value-{n}" for n in found}})
"""
TELLING = """
from mooring.sdk import Job, JobStatus, storage


class Telling(Job):
    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus({})

    def perform(self, status):
        return JobStatus({"told": storage.secrets.get("key_7")}, complete=True)
"""


@pytest.fixture
def keeper(cli: Program, tmp_path: Path) -> Program:
    """Install an app that has very many secrets and reads some at each request."""
    root = tmp_path / APP
    cli.ok("init", str(root))
    manifest = yaml.safe_load((root / "app.yml").read_text())
    manifest["functions"] = {"tell": {"entry_point": "Tell", "description": "Tells."}}
    manifest["jobs"] = {"telling": {"entry_point": "Telling", "description": "Tells."}}
    (root / "app.yml").write_text(yaml.safe_dump(manifest))
    (root / "src/functions/tell.py").write_text(dedent(TELL).lstrip())
    (root / "src/jobs/telling.py").write_text(dedent(TELLING).lstrip())
    cli.ok("install", str(root))
    key = cli.environment.get("MOORING_MASTER_KEY")
    with Host.open(HostConfig(home=cli.home, secrets="encrypted", master_key=key)) as host:
        owner = host.installation(APP).owner
        with host.database.write():
            for number in range(SECRETS):
                text = f'{{"value": "value-{number}"}}'
                host.vault.set(owner, f"secrets/key_{number}", text)
    return cli


@contextmanager
def asking(program: Program) -> Iterator[list[str]]:
    """Ask the function again and again meanwhile; give a list of what went wrong."""
    url = program.ok("functions", APP, "--json").json["tell"]
    wrong: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        number = 0
        with httpx.Client(timeout=PATIENCE) as client:
            while not stop.wait(0.02):
                number = (number + 7) % 250
                response = client.post(url, params={"from": number})
                if response.status_code != 200 or response.json() != {"right": True}:
                    wrong.append(response.text)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        thread.join()


def killed_rotation(program: Program, *arguments: str, begun: Path, before: bytes) -> None:
    """Rotate, and kill it as soon as its first step can be seen, or some time later."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mooring", "secrets", "rotate", *arguments],
        env=program.environment,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    while begun.read_bytes() == before and process.poll() is None:
        assert time.monotonic() < deadline
    time.sleep(random.uniform(0, 0.25))  # noqa: S311  # a moment, not a secret
    process.kill()
    process.wait()


def test_a_serve_goes_on_while_rotations_of_the_homes_key_are_killed(keeper: Program) -> None:
    file = keeper.home / "master.key"
    with keeper.serve() as _, asking(keeper) as wrong:
        for _ in range(KILLS):
            killed_rotation(keeper, begun=file, before=file.read_bytes())
        done = keeper.ok("secrets", "rotate", "--json").json
        assert (done["unreadable"], len(file.read_text().split())) == ([], 1)
        told = keeper.ok("jobs", "trigger", APP, "telling", "--wait", "--json").json
    assert wrong == []
    assert told["status"] == "COMPLETE"


def test_a_serve_that_was_given_the_former_key_goes_on_without_it(
    cli: Program, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    former, new = MasterKey.make(), MasterKey.make()
    cli.environment["MOORING_MASTER_KEY"] = former.text
    keeper: Program = request.getfixturevalue("keeper")
    (tmp_path / "new.key").write_text(new.text)
    with keeper.serve() as serving, asking(keeper) as wrong:
        given = ("--new-key-file", str(tmp_path / "new.key"), "--grace", "0", "--json")
        done = keeper.ok("secrets", "rotate", *given).json
        assert done["former_key_until"] is None
        assert keeper("secrets", APP).status == 78  # the former key opens nothing any more
        cli.environment["MOORING_MASTER_KEY"] = new.text
        told = keeper.ok("jobs", "trigger", APP, "telling", "--wait", "--json").json
        assert _is_up(serving)
    assert wrong == []
    assert told["status"] == "COMPLETE"


def _is_up(serving: Serving) -> bool:
    return httpx.get(f"{serving.public}/healthz").status_code == 200
