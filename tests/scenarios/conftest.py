"""What do walks through the whole product start from? The connector, connected to the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.running import Running
from tests.conftest import Answer, Program, Serving

APP = "optimizely_connector"
SHOP, MOBILE = 20000000001, 20000000002
PATIENCE = 60.0  # seconds
ADDRESSES = {
    "APP_ENV_OPTIMIZELY_API_URL": "optimizely_api",
    "APP_ENV_OPTIMIZELY_FLAGS_URL": "optimizely_flags",
    "APP_ENV_OPTIMIZELY_OAUTH_URL": "optimizely_oauth",
    "APP_ENV_OPTIMIZELY_CDN_URL": "optimizely_cdn",
    "APP_ENV_OPTIMIZELY_LOGX_URL": "optimizely_logx",
    "APP_ENV_BREVO_URL": "brevo",
}
SETTINGS = f"""\
connectors:
  optimizely:
    enabled: true
    access_token: "${{OPTIMIZELY_ACCESS_TOKEN}}"
    webhook_secret: "${{OPTIMIZELY_WEBHOOK_SECRET}}"
    projects:
      - project_id: {SHOP}
        sdk_key: "${{SHOP_SDK_KEY}}"
      - project_id: {MOBILE}
        sdk_key: "${{MOBILE_SDK_KEY}}"
    sync:
      experiments: true
      audiences: true
      events: true
      feature_flags: true
      schedule: "0 */2 * * *"
"""


@dataclass
class Connector:
    """The connector on a home of its own, driven through the command line."""

    program: Program
    sandbox: Running
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **more: Any) -> Answer:
        """Run a command that may fail."""
        return self.program(*arguments, **{**self.environment, **more})

    def ok(self, *arguments: str, **more: Any) -> Answer:
        """Run a command that has to succeed."""
        return self.program.ok(*arguments, **{**self.environment, **more})

    def connect(self) -> None:
        """Install the app and submit its settings file."""
        self.ok("install", ".")
        path = self.program.home.parent / "connector.yml"
        path.write_text(SETTINGS, "utf-8")
        self.ok("settings", APP, "--file", str(path))

    def sync(self, *arguments: str) -> dict[str, Any]:
        """Run a whole synchronisation to its end."""
        return dict(self.ok("jobs", "trigger", APP, "sync", "--wait", "--json", *arguments).json)

    def runs(self) -> list[dict[str, Any]]:
        """Return the latest runs, newest first."""
        return list(self.ok("jobs", "list", APP, "--json").json)

    def wait_for(self, met: Callable[[dict[str, Any]], bool], *, why: str) -> dict[str, Any]:
        """Wait until a run meets a condition, and return it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for run in self.runs():
                if met(run):
                    return run
            time.sleep(0.3)
        raise AssertionError(f"{why}: not within {PATIENCE:.0f} s; runs: {self.runs()}")

    @contextmanager
    def serve(self, *arguments: str) -> Iterator[Serving]:
        """Serve for the length of the block."""
        with self.program.serve(*arguments, **self.environment) as serving:
            yield serving


@pytest.fixture
def connector(cli: Program, sandbox: Running) -> Connector:
    """Give the program with the sandbox's addresses and credentials; nothing is installed yet."""
    return Connector(
        cli,
        sandbox,
        {
            "OPTIMIZELY_ACCESS_TOKEN": sandbox.credentials["optimizely_token"],
            "BREVO_API_KEY": sandbox.credentials["brevo_api_key"],
            "OPTIMIZELY_WEBHOOK_SECRET": sandbox.credentials["webhook_secret"],
            "SHOP_SDK_KEY": sdk_key(sandbox, SHOP),
            "MOBILE_SDK_KEY": sdk_key(sandbox, MOBILE),
            **{name: sandbox.info[address] for name, address in ADDRESSES.items()},
        },
    )


def sdk_key(sandbox: Running, project_id: int, environment: str = "production") -> str:
    """Look up the SDK key of an environment."""
    answer = sandbox.http.get(
        f"{sandbox.info['optimizely_api']}/environments",
        params={"project_id": project_id},
        headers={"authorization": f"Bearer {sandbox.credentials['optimizely_token']}"},
    )
    found = {each["key"]: each for each in answer.raise_for_status().json()}
    return str(found[environment]["datafile"]["sdk_key"])


def written(path: Path) -> bytes:
    """Return everything that a folder's files hold."""
    return b"\n".join(p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file())
