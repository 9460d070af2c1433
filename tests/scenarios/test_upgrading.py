"""A new version of the connector takes over, or fails to, while requests come in all the time."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from scripts.local_services import APP
from tests.conftest import ROOT, SOAK
from tests.scenarios.conftest import Connector

PARTS = ("app.yml", "pyproject.toml", "assets", "forms", "schema", "src")
CLIENTS = 2  # of each kind
MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
PATIENCE = 30.0  # seconds

FUNCTION = '''
"""Which version answers?"""

from mooring.sdk import Function, Response, storage


class {name}(Function):
    def perform(self) -> Response:
        storage.kv_store.increment("asked/{file}", "count")
        return Response(200, {{"version": "{version}"}})
'''

CHANGES = """

def _change_everything():
    from mooring.sdk import jobs

    storage.settings.patch("diagnostics", {"debug": True})
    storage.settings.put("added", {"by": "the upgrade"})
    storage.secrets.put("added", {"value": "the upgrade's secret"})
    storage.secrets.patch("decisions_token", {"note": "changed"})
    storage.kv_store.put("added", {"by": "the upgrade"})
    storage.kv_store.patch("kept", {"by": "the upgrade"})
    storage.kv_store.increment("asked/about", "count", 0)
    storage.shared_kv_store.put("added", {"by": "the upgrade"})
    jobs.reschedule("sync", "0 0 4 * * ?")
    jobs.trigger("sync", {"stages": []})
"""


@dataclass
class Version:
    """A folder with a version of the connector, made from this repository's own."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, version: str, *functions: str) -> Version:
        """Copy the app and add functions that tell their version."""
        folder.mkdir()
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        made = cls(folder)
        made.edit("app.yml", f"version: {_version()}", f"version: {version}")
        made.edit("app.yml", "\nfunctions:\n", "\nfunctions:\n" + "".join(map(_entry, functions)))
        for name in functions:
            text = FUNCTION.format(name=name.capitalize(), file=name, version=version)
            (folder / f"src/functions/{name}.py").write_text(text.lstrip())
        return made

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there."""
        text = (self.folder / file).read_text()
        assert old in text
        (self.folder / file).write_text(text.replace(old, new, 1))

    def hook(self, name: str, body: str) -> None:
        """Give the Lifecycle a hook that changes all it can, and then does as `body` says."""
        argument = "" if name == "on_after_upgrade" else ", from_version"
        lines = "\n".join(f"        {line}" for line in ("_change_everything()", *body.split("\n")))
        file = self.folder / "src/lifecycle/lifecycle.py"
        text = file.read_text().replace("def on_upgrade(", "def _former_on_upgrade(")
        method = f"    def {name}(self{argument}):\n{lines}\n\n"
        text = text.replace("    def on_settings_form(", f"{method}    def on_settings_form(", 1)
        file.write_text(text + CHANGES)


@dataclass
class Traffic:
    """Clients that send one request after the other, and remember what became of each."""

    urls: dict[str, str]
    secret: str
    token: str
    answers: list[tuple[float, str, int | str, str]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Send for the length of the block."""
        clients = [
            threading.Thread(target=self._send, args=(kind,), daemon=True)
            for kind in (self.about, self.legacy, self.webhook, self.decision)
            for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self.ended.set()
            for client in clients:
                client.join()

    def about(self, http: httpx.Client) -> httpx.Response:
        """Ask a function that both versions have."""
        return http.get(self.urls["about"])

    def legacy(self, http: httpx.Client) -> httpx.Response:
        """Ask a function that the new version does not have."""
        return http.get(self.urls["legacy"])

    def webhook(self, http: httpx.Client) -> httpx.Response:
        """Send a signed webhook."""
        body = json.dumps(
            {
                "project_id": 1,
                "timestamp": time.time_ns(),
                "event": "project.datafile_updated",
                "data": {"revision": 1, "environment": "production"},
            }
        ).encode()
        digest = hmac.new(self.secret.encode(), body, hashlib.sha1).hexdigest()
        headers = {"x-hub-signature": f"sha1={digest}"}
        return http.post(self.urls["optimizely_webhook"], content=body, headers=headers)

    def decision(self, http: httpx.Client) -> httpx.Response:
        """Report an empty list of decisions with the token."""
        headers = {"authorization": f"Bearer {self.token}"}
        return http.post(self.urls["decisions"], json=[], headers=headers)

    def _send(self, kind: Callable[[httpx.Client], httpx.Response]) -> None:
        with httpx.Client(timeout=20) as http:
            while not self.ended.is_set():
                began = time.monotonic()
                try:
                    answer = kind(http)
                    self._note(began, kind, answer.status_code, answer.text)
                except httpx.HTTPError as error:
                    self._note(began, kind, type(error).__name__, str(error))
                time.sleep(0.02)

    def _note(self, began: float, kind: Any, status: int | str, text: str) -> None:
        self.answers.append((began, kind.__name__, status, text))

    def since(self, moment: float) -> Counter[tuple[str, int | str]]:
        """Count answers by kind and status."""
        return Counter((kind, status) for began, kind, status, _ in self.answers if began > moment)

    def failed(self) -> list[str]:
        """Say how some requests failed."""
        failed = [answer for answer in self.answers if answer[2] not in (200, 202)]
        return [str(each)[:300] for each in failed[:3]]

    def versions_since(self, moment: float) -> set[str]:
        """Name the versions that answered."""
        return {
            json.loads(text)["version"]
            for began, kind, status, text in self.answers
            if began > moment and kind == "about" and status == 200
        }


class Walk:
    """The connector in version 1.0.0, serving, with traffic."""

    def __init__(self, connector: Connector, folder: Path) -> None:
        self.connector = connector
        self._folder = folder
        self._made = 0
        self.old = Version.make(folder / "old", "1.0.0", "about", "legacy")

    def opened(self) -> Host:
        """Open the home, to look into it."""
        environment = self.connector.environment
        url = environment.get("MOORING_DATABASE_URL")
        key = environment.get("MOORING_MASTER_KEY")
        home = self.connector.program.home
        return Host.open(
            HostConfig(home=home, secrets="encrypted", database_url=url, master_key=key)
        )

    def new(self) -> Version:
        """Make a version 1.1.0 that works."""
        self._made += 1
        return Version.make(self._folder / f"new{self._made}", "1.1.0", "about", "extra")

    def traffic(self) -> Traffic:
        """Give clients that know the addresses and credentials."""
        with self.opened() as host:
            installation = host.installation(APP)
            secrets = host.secrets(installation)
            secret = secrets.get("optimizely_webhook_signature")["values"][0]
            token = secrets.get("decisions_token")["value"]
            return Traffic(host.endpoints(installation), secret, token)

    def data(self) -> dict[str, Any]:
        """Return all that the installation has here, but for what traffic changes."""
        with self.opened() as host:
            installation = host.installation(APP)
            services = host.invocation(installation, entry_point="test").services
            names = [name for name, _ in host.secrets(installation).names()]
            return {
                "version": installation.version,
                "state": installation.state.value,
                "settings": {
                    name: services.settings.get(name)
                    for name in ("diagnostics", "added", "brevo", "sync", "mapping")
                },
                "secrets": {name: services.secrets.get(name) for name in names},
                "kv": {key: services.kv_store.get(key) for key in ("added", "kept")},
                "shared": services.shared_kv_store.get("added"),
                "schedules": [(s.job, s.cron) for s in host.schedules.of(installation.install_id)],
                "functions": sorted(host.endpoints(installation)),
                "urls": {k: v for k, v in host.endpoints(installation).items() if k != "extra"},
                "undo": _undo_rows(host),
            }

    def set_up(self) -> None:
        """Install version 1.0.0 and connect it."""
        self.connector.ok("install", str(self.old.folder))
        self.connector.ok("settings", APP, "--file", "scripts/demo.yml")
        with self.opened() as host:
            services = host.invocation(host.installation(APP), entry_point="test").services
            services.kv_store.put("kept", {"by": "1.0.0"})

    def wait_until(self, met: Callable[[], bool]) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + PATIENCE
        while not met():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)


def _undo_rows(host: Host) -> int:
    from sqlalchemy import func, select

    from mooring.adapters.tables import undo

    with host.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(undo)) or 0)


def _version() -> str:
    text = (ROOT / "app.yml").read_text()
    return text.split("version: ", 1)[1].split("\n", 1)[0]


def _entry(name: str) -> str:
    return f"  {name}:\n    entry_point: {name.capitalize()}\n    description: Tells its version.\n"


@pytest.fixture(params=["sqlite", "postgresql"] if SOAK else ["sqlite"])
def walk(request: pytest.FixtureRequest, connector: Connector, tmp_path: Path) -> Iterator[Walk]:
    """Serve the connector 1.0.0 on each kind of database."""
    if request.param == "postgresql":
        connector.environment["MOORING_DATABASE_URL"] = request.getfixturevalue("postgresql_url")
        connector.environment["MOORING_MASTER_KEY"] = MASTER_KEY
    walk = Walk(connector, tmp_path)
    with connector.serve():
        walk.set_up()
        yield walk


def test_traffic_never_notices_an_upgrade_whether_it_fails_or_not(walk: Walk) -> None:
    before = walk.data()
    traffic = walk.traffic()
    with traffic.flowing():
        for fails, said in FAILURES:
            answer = walk.connector("upgrade", str(fails(walk.new()).folder))
            assert answer.status != 0
            assert said in answer.err
            assert walk.data() == before, fails.__name__
        time.sleep(1)
        settled = time.monotonic()
        time.sleep(0.5)
        assert traffic.versions_since(settled) == {"1.0.0"}
        assert {status for _, status in traffic.since(0)} == {200, 202}, traffic.failed()

        stands = walk.new()
        stands.hook("on_after_upgrade", "raise RuntimeError('no')")
        answer = walk.connector("upgrade", str(stands.folder))
        switched = time.monotonic()
        assert answer.status == 1
        assert "1.1.0 serves in account local, but: on_after_upgrade" in answer.out
        walk.wait_until(lambda: ("legacy", 410) in traffic.since(switched))
        time.sleep(1)
        settled = time.monotonic()
        time.sleep(0.5)
        assert traffic.versions_since(settled) == {"1.1.0"}
    counted = traffic.since(0)
    assert {status for kind, status in counted if kind != "legacy"} == {200, 202}
    assert {status for kind, status in counted if kind == "legacy"} == {200, 410}
    assert sum(counted.values()) > 300
    after = walk.data()
    assert (after["version"], after["state"]) == ("1.1.0", "installed")
    assert after["urls"] == {k: v for k, v in before["urls"].items() if k != "legacy"}
    assert "extra" in after["functions"]
    _no_delivery_was_lost(walk, counted[("webhook", 202)])


def _no_delivery_was_lost(walk: Walk, accepted: int) -> None:
    def handled() -> bool:
        with walk.opened() as host:
            found = host.deliveries.recent(limit=10_000)
            return [d.state.value for d in found] == ["done"] * accepted

    walk.wait_until(handled)


def test_an_upgrade_that_is_killed_leaves_the_old_version_serving(walk: Walk) -> None:
    before = walk.data()
    traffic = walk.traffic()
    with traffic.flowing():
        for hook in ("on_upgrade", "on_finalize_upgrade"):
            reached = walk.connector.program.home.parent / f"{hook}-reached"
            hangs = walk.new()
            hangs.hook(
                hook,
                f"import time, pathlib\npathlib.Path({str(reached)!r}).touch()\ntime.sleep(60)",
            )
            _kill_when(walk, hangs, reached)
            walk.wait_until(lambda: walk.data()["state"] == "installed")
            assert walk.data() == before
        time.sleep(1)
        settled = time.monotonic()
        time.sleep(0.5)
        assert traffic.versions_since(settled) == {"1.0.0"}
    assert {status for _, status in traffic.since(0)} == {200, 202}
    history = walk.connector.ok("apps", APP, "--json").json[0]["history"]
    cut_off = [e for e in history if "cut off" in e["message"]]
    assert [(e["action"], e["outcome"], e["actor"]) for e in cut_off] == [
        ("upgrade", "failed", "worker")
    ] * 2


def _kill_when(walk: Walk, version: Version, reached: Path) -> None:
    environment = {**walk.connector.program.environment, **walk.connector.environment}
    command = [sys.executable, "-m", "mooring", "upgrade", str(version.folder)]
    messages = reached.with_suffix(".log")
    with (
        messages.open("w") as log,
        subprocess.Popen(command, env=environment, stderr=log) as process,
    ):
        while not reached.exists():
            assert process.poll() is None, messages.read_text()
            time.sleep(0.02)
        process.kill()


def _does_not_import(version: Version) -> Version:
    version.edit(
        "src/functions/about.py", "from mooring.sdk", "import no_such_package\nfrom mooring.sdk"
    )
    return version


def _schema_conflicts(version: Version) -> Version:
    version.edit(
        "schema/events.yml",
        "name: optimizely_connector_flag_key\n    type: string",
        "name: optimizely_connector_flag_key\n    type: number",
    )
    return version


def _on_upgrade_refuses(version: Version) -> Version:
    version.hook("on_upgrade", "return LifecycleResult(success=False, message='not today')")
    return version


def _on_upgrade_raises(version: Version) -> Version:
    version.hook("on_upgrade", "1 / 0")
    return version


def _on_finalize_raises(version: Version) -> Version:
    version.hook("on_finalize_upgrade", "raise RuntimeError('no')")
    return version


FAILURES: list[tuple[Callable[[Version], Version], str]] = [
    (_does_not_import, "cannot be imported"),
    (_on_upgrade_raises, "on_upgrade of optimizely_connector failed: ZeroDivisionError"),
    (_on_finalize_raises, "on_finalize_upgrade of optimizely_connector failed"),
]
if SOAK:
    FAILURES += [
        (_schema_conflicts, "optimizely_connector_flag_key"),
        (_on_upgrade_refuses, "on_upgrade of optimizely_connector refused: not today"),
    ]
