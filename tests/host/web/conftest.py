"""A host with an app of the test's own, and its servers without sockets."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest
import yaml

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.web.calls import Calls
from mooring.web.health import Health
from mooring.web.inbox import TIME_LIMIT, Inbox
from mooring.web.journal import Journal
from mooring.web.public import PublicServer
from mooring.web.threads import Threads

SECRET = "wh-demo-secret"
HEAD = "import asyncio, time\nfrom mooring.sdk import Function, GlobalFunction, Response, storage\n"
LIFECYCLE = """\
from mooring.sdk import Lifecycle as Base, LifecycleResult, LifecycleSettingsResult


class Lifecycle(Base):
    def on_install(self):
        return LifecycleResult(success=True)

    def on_settings_form(self, section, action, form_data):
        return LifecycleSettingsResult()
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
"""
FILES = (
    *("assets/directory/overview.md", "assets/icon.svg", "assets/logo.svg", "src/__init__.py"),
    *("src/functions/__init__.py", "src/lifecycle/__init__.py", "src/jobs/__init__.py"),
)


@dataclass
class App:
    """An app in the making: functions by name, as the body of their `perform`."""

    root: Path
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def function(self, name: str, body: str, **declared: Any) -> App:
        """Add a function; a body with `await` in it makes a coroutine."""
        class_name = name.title().replace("_", "")
        kind = "async def" if "await " in body else "def"
        base = "GlobalFunction" if declared.get("global") else "Function"
        lines = [f"class {class_name}({base}):", f"    {kind} perform(self):"]
        lines += [f"        {line}" for line in dedent(body).strip().splitlines()]
        code = HEAD + "\n\n" + "\n".join(lines) + "\n"
        self.write(f"src/functions/{name}.py", code)
        entry = {"entry_point": class_name, "description": f"Does {name}.", **declared}
        self.functions[name] = entry
        return self

    def finish(self) -> Path:
        """Write everything else that an app needs."""
        for name in FILES:
            self.write(name, "x" if name.startswith("assets") else "")
        self.write("src/lifecycle/lifecycle.py", LIFECYCLE)
        self.write("forms/settings.yml", FORM)
        meta = {
            "app_id": "shop",
            "display_name": "The <Shop> & Co",
            "version": "1.0.0-dev",
            "vendor": "acme",
            "support_url": "https://example.com",
            "summary": "Sells things.",
            "contact_email": "a@example.com",
            "categories": ["Commerce Platform"],
            "availability": ["all"],
        }
        sections = {"functions": self.functions, "jobs": self.jobs}
        filled = {name: section for name, section in sections.items() if section}
        manifest = {"meta": meta, "runtime": "python3.11", **filled}
        self.write("app.yml", yaml.safe_dump(manifest, sort_keys=False))
        return self.root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Give an app without functions; the test adds its own."""
    return App(tmp_path / "app")


@pytest.fixture
def open_host(home: Path) -> Callable[..., Host]:
    """Open the home once more, as another process would."""
    return lambda **more: Host.open(HostConfig(home=home, secrets="encrypted", **more))


@pytest.fixture
def host(open_host: Callable[..., Host]) -> Iterator[Host]:
    """Give a host on the test's home."""
    with open_host() as host:
        yield host


@dataclass
class Site:
    """A host's public server, asked without a socket."""

    host: Host
    installation: Installation
    inbox: Inbox
    server: PublicServer

    def path(self, function: str) -> str:
        """Return the path of a function's address."""
        url = self.host.endpoints(self.installation)[function]
        return url[url.index("/functions/") :]

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.server)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            yield client

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request."""
        async with self.client() as client:
            return await client.request(method, path, **more)

    def set_secret(self, function: str, value: str = SECRET) -> None:
        """Set the secret of a function that is signed."""
        self.host.secrets(self.installation).put(f"{function}_signature", {"value": value})


@contextmanager
def opened_site(
    host: Host, app: App, *, handling_limit: float = TIME_LIMIT, **limits: Any
) -> Iterator[Site]:
    """Install the app and open its public server; the inbox is not started."""
    installation = host.lifecycle.install(app.finish())
    desk, journal = Threads("desk", most=8), Journal(host)
    inbox = Inbox(host, journal=journal, looks_every=0.02, time_limit=handling_limit)
    calls = Calls(host, journal=journal, **limits)
    health = Health(host, threads=desk, jobs_run=None)
    server = PublicServer(host, desk=desk, calls=calls, inbox=inbox, health=health)
    try:
        yield Site(host, installation, inbox, server)
    finally:
        inbox.stop(timeout=5)
        calls.close()
        desk.close()
        journal.close()


@pytest.fixture
def site(host: Host, app: App) -> Iterator[Callable[..., Site]]:
    """Open the public server of an app: `site(app.function(…))`, once the app is complete."""
    opened = []

    def open_it(app: App, **limits: Any) -> Site:
        manager = opened_site(host, app, **limits)
        opened.append(manager)
        return manager.__enter__()

    yield open_it
    for manager in opened:
        manager.__exit__(None, None, None)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Sign a body as Optimizely does."""
    digest = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return {"x-hub-signature": f"sha1={digest}"}
