"""A host on each kind of database, and versions of an app of the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml

from mooring.engine import transitions
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import (
    Installation,
)
from mooring.sdk.context import Services
from mooring.sdk.webhook import Request
from tests.host.apps import App

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="

LIFECYCLE = """\
from mooring.sdk import Lifecycle as Base
from mooring.sdk import LifecycleResult, LifecycleSettingsResult, errors, jobs, storage

YES = LifecycleResult(success=True)


class Lifecycle(Base):
    def on_install(self):
        return self.answer("on_install")

    def on_settings_form(self, section, action, form_data):
        storage.settings.put(section, form_data)
        return LifecycleSettingsResult()

    def on_upgrade(self, from_version):
        return self.answer("on_upgrade")

    def on_finalize_upgrade(self, from_version):
        return self.answer("on_finalize_upgrade")

    def on_after_upgrade(self):
        return self.answer("on_after_upgrade")

    def on_uninstall(self):
        return self.answer("on_uninstall")

    def answer(self, hook):
        storage.shared_kv_store.put("called/" + hook, {})
        return getattr(self, "_" + hook, lambda: YES)()

"""

JOB = """\
from mooring.sdk import Job, JobStatus


class Tidy(Job):
    def prepare(self, invocation, status, resuming):
        return JobStatus({"version": "VERSION"}, complete=False)

    def perform(self, status):
        return JobStatus(status.state, complete=True)
"""
SCHEMA = """\
name: shop_things
display_name: The <Shop> & Co Things
alias: shop_things
fields:
  - name: shop_thing_id
    type: string
    display_name: ID
    description: Which thing.
    primary: true
  - name: shop_points
    type: POINTS
    display_name: Points
    description: How good it is.
"""
FORM = """\
sections:
  - key: main
    label: Main
    elements:
      - type: text
        key: name
        label: Name
        help: Any name.
      - type: secret
        key: api_key
        label: Key
        help: A key.
"""


class Shop:
    """Makes versions of an app."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def version(
        self,
        version: str,
        *functions: str,
        jobs: Mapping[str, Any] | None = None,
        points: str = "number",
        **hooks: str,
    ) -> Path:
        """Write a folder with a version; each hook is the body of a function.

        ``points`` is the type of a field that it declares.
        """
        self._made += 1
        app = App(self._folder / f"made{self._made}")
        for name in functions or ("hello",):
            app.function(name, f'return Response(200, {{"version": "{version}"}})')
        for name, declared in (jobs or {}).items():
            app.write(f"src/jobs/{name}.py", _job(name, version))
            entry = {"entry_point": name.capitalize(), "description": "Tidies.", **declared}
            app.jobs[name] = entry
        root = app.finish()
        manifest = yaml.safe_load((root / "app.yml").read_text())
        manifest["meta"]["version"] = version
        app.write("app.yml", yaml.safe_dump(manifest, sort_keys=False))
        app.write("forms/settings.yml", FORM)
        app.write("schema/shop_things.yml", SCHEMA.replace("POINTS", points))
        methods = [
            f"    def _{hook}(self):\n{indent(body, ' ' * 8)}\n" for hook, body in hooks.items()
        ]
        app.write("src/lifecycle/lifecycle.py", LIFECYCLE + "\n".join(methods))
        return root


def _job(name: str, version: str) -> str:
    return JOB.replace("Tidy", name.capitalize()).replace("VERSION", version)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def open_host(home: Path, database_url: str) -> Callable[..., Host]:
    """Open the home, as another process would, on each kind of database."""
    url = database_url if database_url.startswith("postgres") else None

    def opened(**more: Any) -> Host:
        config = HostConfig(
            home=home, secrets="encrypted", database_url=url, master_key=MASTER_KEY, actor="test"
        )
        return Host.open(replace(config, **more))

    return opened


@pytest.fixture
def host(open_host: Callable[..., Host]) -> Iterator[Host]:
    with open_host() as host:
        yield host


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call a hook again at once."""
    monkeypatch.setattr(transitions, "AGAIN_AFTER", (0.0, 0.0))


def services(host: Host, installation: Installation) -> Services:
    """Give the stores of an installation as its functions have them."""
    return host.invocation(installation, entry_point="test").services


def answered(host: Host, function: str = "hello", **of: Any) -> Any:
    """Say which version answers."""
    installation = host.installation("shop", **of)
    request = Request(method="GET")
    return host.invoke(installation, function, request).body_json["version"]


def outcomes(host: Host) -> list[tuple[str, str]]:
    """Return what happened to the app, oldest first."""
    return [(e.action, e.outcome) for e in reversed(host.history.of(app_id="shop"))]
