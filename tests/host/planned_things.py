"""What are plans made of in tests? A service on this machine, and an app that writes to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mooring.errors import MooringError
from mooring.sdk.job import JobStatus

TIDY = '''"""Bring the things of the shop to the mailer."""

import os
from mooring.sdk import Job, JobStatus, environment, http, logger, notifications, storage


class Tidy(Job):
    """Puts each of the shop's things into a list that it makes."""

    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus({"made": None, "left": None, "seen": params.get("seen")})

    def perform(self, status):
        base, state = environment["APP_ENV_SHOP_URL"], dict(status.state)
        if name := self.invocation.parameters.get("connection"):
            storage.secrets.get(f"oauth/{name}")
        if state["made"] is None:
            state["left"] = http.get(f"{base}/things", timeout=5).raise_for_status().json()
            known = storage.kv_store.get("list")
            made = http.post(f"{base}/lists", json={"name": "ours", **known}, planned={"id": -1})
            state["made"] = made.raise_for_status().json()["id"]
            storage.kv_store.put("list", {"id": state["made"]})
            return JobStatus(state)
        self.sleep(0.01)
        name = state["left"].pop()
        key = environment["APP_ENV_SHOP_KEY"]
        http.put(
            f"{base}/lists/{storage.kv_store.get('list')['id']}/things/{name}@example.com",
            json={"name": name, "key": key},
            before={"name": "nobody"},
        )
        logger.info("tidy.put", thing=name)
        if not state["left"]:
            notifications.info("Tidy", "Everything is there", "All things were put.")
        return JobStatus(state, complete=not state["left"])
'''
KEY = "key-8812fa0c9d"
DECLARED = "environment:\n  - APP_ENV_SHOP_URL\n  - APP_ENV_SHOP_KEY\n"


class Things:
    """A service on this machine: what it has, and what it was told."""

    def __init__(self, server: HTTPServer) -> None:
        self.things = ["anna", "ben"]
        self.lists = 16
        self.refuses = 0  # so many times, to say what there is
        self.written: list[tuple[str, str, Any]] = []
        self.url = server.url_for("").rstrip("/")
        self.host = self.url.removeprefix("http://")
        server.expect_request("/things").respond_with_handler(self._all)
        server.expect_request("/lists").respond_with_handler(self._create)
        for number in (17, 18):
            for name in ("anna", "ben", "cleo"):
                path = f"/lists/{number}/things/{name}@example.com"
                server.expect_request(path).respond_with_handler(self._put)

    def _all(self, request: Request) -> Response:
        if self.refuses:
            self.refuses -= 1
            return Response(status=429, headers={"retry-after": "7"})
        return _json(self.things)

    def _create(self, request: Request) -> Response:
        self.lists += 1
        self.written.append((request.method, request.path, request.json))
        return _json({"id": self.lists})

    def _put(self, request: Request) -> Response:
        self.written.append((request.method, request.path, request.json))
        return Response(status=204)


def _json(said: Any) -> Response:
    return Response(json.dumps(said), content_type="application/json")


def write_app(folder: Path) -> None:
    """Let a scaffolded app bring the service's things into a list."""
    (folder / "src/jobs/tidy.py").write_text(TIDY, "utf-8")
    manifest = folder / "app.yml"
    manifest.write_text(f"{manifest.read_text('utf-8')}\n{DECLARED}", "utf-8")


def environment(things: Things) -> dict[str, str]:
    """Give what the app is told of the service."""
    return {"APP_ENV_SHOP_URL": things.url, "APP_ENV_SHOP_KEY": KEY}


class Deaf:
    """Hears how far a plan is, and does nothing about it."""

    def step(self, steps: int, writes: int, status: JobStatus) -> None: ...

    def waits(self, error: MooringError, seconds: float) -> None: ...
