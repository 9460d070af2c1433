"""Which app is measured, and how does the host serve it? Installed into a home of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import stopped
from mooring.hosting.host import Host
from mooring.model.config import HostConfig

ROOT = Path(__file__).resolve().parent.parent
SECRET = "wh-benchmark-secret"  # noqa: S105  # signs what the benchmark sends to itself
HANDLED_WITHIN = 120.0  # seconds

MANIFEST = """\
meta:
  app_id: measured
  display_name: Measured
  version: 1.0.0
  vendor: example
  support_url: https://example.com/support
  summary: Answers as quickly as it may.
  contact_email: support@example.com
  categories: [Testing & Utilities]
  availability: [all]
runtime: python3.11
functions:
  answer: {entry_point: "answers:Answer", description: Answers at once., delivery: direct}
  answer_async: {entry_point: "answers:AnswerAsync", description: Likewise., delivery: direct}
  hook: {entry_point: "answers:Answer", description: Answers later., verify: optimizely}
"""
ANSWERS = """\
from mooring.sdk import Function, Response


class Answer(Function):
    def perform(self):
        event = self.request.body_json
        return Response(200, {"event": event["event"]})


class AnswerAsync(Function):
    async def perform(self):
        event = self.request.body_json
        return Response(200, {"event": event["event"]})
"""
LIFECYCLE = """\
from mooring.sdk import Lifecycle as Base, LifecycleResult, LifecycleSettingsResult


class Lifecycle(Base):
    def on_install(self):
        return LifecycleResult(success=True)

    def on_settings_form(self, section, action, form_data):
        return LifecycleSettingsResult()
"""
FILES = {
    "app.yml": MANIFEST,
    "src/functions/answers.py": ANSWERS,
    "src/lifecycle/lifecycle.py": LIFECYCLE,
    "forms/settings.yml": "sections: []\n",
    "assets/directory/overview.md": "# Measured\n",
    "assets/icon.svg": "<svg/>\n",
    "assets/logo.svg": "<svg/>\n",
}


@dataclass(frozen=True, slots=True)
class Served:
    """A ``mooring serve`` that runs: where its functions are, and what it still has to handle."""

    host: Host
    pid: int
    port: int
    paths: dict[str, str]

    def handle_all(self) -> float:
        """Wait until every delivery is handled; return how many a second were."""
        started = time.monotonic()
        before = left = self._waiting()
        while left:
            if time.monotonic() - started > HANDLED_WITHIN:
                raise SystemExit(f"{left} deliveries are not handled.")
            time.sleep(0.02)
            left = self._waiting()
        return before / max(time.monotonic() - started, 0.001)

    def _waiting(self) -> int:
        with self.host.database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT count(*) FROM deliveries WHERE state = 'pending'"
            )
            return int(found.scalar_one())


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Install the app into a new home and serve it, without jobs."""
    home, app = folder / "home", folder / "app"
    for name, text in FILES.items():
        path = app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with Host.open(HostConfig(home=home, secrets="encrypted")) as host:
        installation = host.lifecycle.install(app)
        host.secrets(installation).put("hook_signature", {"value": SECRET})
        options = ("--no-jobs", "--public-port", "0", "--console-port", "0", "--json")
        command = [sys.executable, "-m", "mooring", "--home", str(home), "serve", *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        with stopped(process):
            assert process.stdout is not None, "it is a pipe"
            ready = json.loads(process.stdout.readline())
            urls = host.endpoints(installation)
            paths = {name: url[url.index("/functions/") :] for name, url in urls.items()}
            yield Served(host, process.pid, int(ready["public"].rpartition(":")[2]), paths)
