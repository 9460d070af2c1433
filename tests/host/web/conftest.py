"""A host with an app of the test's own, and its servers without sockets."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.hosting.host import Host
from mooring.model.installation import Installation
from mooring.web.calls import Calls
from mooring.web.health import Health
from mooring.web.inbox import TIME_LIMIT, Inbox
from mooring.web.journal import Journal
from mooring.web.public import PublicServer
from mooring.web.threads import Threads
from tests.host.apps import App

SECRET = "wh-demo-secret"


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Give an app without functions; the test adds its own."""
    return App(tmp_path / "app")


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
    host: Host,
    app: App,
    *,
    handling_limit: float = TIME_LIMIT,
    calls_of: Callable[..., Calls] = Calls,
    **limits: Any,
) -> Iterator[Site]:
    """Install the app and open its public server; the inbox is not started."""
    installation = host.lifecycle.install(app.finish())
    desk, journal = Threads("desk", most=8), Journal(host)
    inbox = Inbox(host, journal=journal, looks_every=0.02, time_limit=handling_limit)
    calls = calls_of(host, journal=journal, **limits)
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
