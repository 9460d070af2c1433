"""A sandbox of its own process for a test: started on a free port, stopped afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

REPOSITORY = Path(__file__).resolve().parent.parent
STOP_WITHIN = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that runs: its address, what `GET /` says, and its controls as calls.

    `http` is a plain client without credentials, for whatever else is asked of it.
    """

    url: str
    info: dict[str, Any]  # Any: JSON
    process: subprocess.Popen[str]
    http: httpx.Client

    @property
    def credentials(self) -> dict[str, str]:
        """Return the first credentials."""
        return dict(self.info["credentials"])

    def control(self, name: str, /, **body: Any) -> dict[str, Any]:
        """Post a control and return its answer; a refused one raises with the sentence."""
        answer = self.http.post(f"{self.info['control']}/{name}", json=body)
        if answer.is_error:
            raise ValueError(f"{name}: {answer.json()['message']}")
        return dict(answer.json())

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward."""
        self.control("clock", advance=seconds)

    def change(self, **body: Any) -> dict[str, Any]:
        """Change the model."""
        return self.control("change", **body)

    def publish(self, project_id: int, environment: str = "production") -> dict[str, Any]:
        """Publish a datafile; returns its revision and what became of the webhooks."""
        return self.control("publish", project_id=project_id, environment=environment)

    def webhook_secrets(self) -> list[str]:
        """Return the secrets of the registered webhooks, in the order of registration."""
        answer = self.http.get(f"{self.info['control']}/webhooks").raise_for_status()
        return [hook["secret"] for hook in answer.json()["webhooks"]]

    def received(self, **narrowed: Any) -> list[dict[str, Any]]:
        """Return what arrived, in order; narrow by `service`, `kind`, `after`."""
        answer = self.http.get(f"{self.info['control']}/received", params=narrowed)
        return list(answer.raise_for_status().json()["received"])

    def contacts(self) -> list[dict[str, Any]]:
        """Return every contact as Brevo shows it now, oldest first."""
        found: list[dict[str, Any]] = []
        key = {"api-key": self.credentials["brevo_api_key"]}
        while True:
            query: dict[str, str | int] = {"limit": 1000, "offset": len(found), "sort": "asc"}
            page = self.http.get(f"{self.info['brevo']}/contacts", params=query, headers=key)
            contacts = page.raise_for_status().json()["contacts"]
            found += contacts
            if len(contacts) < 1000:
                return found


@contextmanager
def running(port: int = 0) -> Iterator[Running]:
    """Run a sandbox in a process of its own for the length of the block."""
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--json"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sandbox did not start (exit status {process.wait()})")
        info = msgspec.json.decode(line)
        try:
            with httpx.Client(trust_env=False) as http:
                yield Running(info["control"].removesuffix("/control"), info, process, http)
        finally:
            process.terminate()
            process.wait(STOP_WITHIN)
