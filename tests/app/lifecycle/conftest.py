"""The connector in memory, over real HTTP to the sandbox, with a form to submit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mooring.sdk import LifecycleSettingsResult
from mooring.sdk.context import use
from mooring.testing.memory import MemoryApp, MemoryFunctions
from mooring.testing.memory import memory_app as make_memory_app
from sandbox.running import Running
from scripts.local_services import addresses
from src.lifecycle.lifecycle import Lifecycle
from tests.app.conftest import SandboxClock, client_to

HOOK = "http://127.0.0.1:9/functions/optimizely_connector/optimizely_webhook/uuid"


@dataclass(frozen=True, slots=True)
class Connector:
    """An installed connector whose form can be submitted."""

    app: MemoryApp
    sandbox: Running
    lifecycle: Lifecycle

    def submit(
        self, section: str, action: str = "save", **form: Any
    ) -> dict[str, Any]:  # Any: JSON
        """Submit a section and return errors and toasts."""
        result = self.lifecycle.on_settings_form(section, action, form)
        assert isinstance(result, LifecycleSettingsResult)
        return result.to_json(section)

    def connect_optimizely(self) -> dict[str, Any]:
        """Submit the right token."""
        token = self.sandbox.credentials["optimizely_token"]
        return self.submit("optimizely", access_token=token)

    def choose(self, *environments: str, **form: Any) -> dict[str, Any]:
        """Submit the section of projects."""
        rest = {"auto_update": True, "update_interval": 60_000, "webhook_secret": "", **form}
        return self.submit("projects", environments=list(environments), **rest)

    def connect_brevo(self) -> dict[str, Any]:
        """Submit the right key."""
        key = self.sandbox.credentials["brevo_api_key"]
        return self.submit("brevo", api_key=key, tajo_api_key="")

    def webhooks(self, project_id: int) -> list[dict[str, Any]]:
        """Return who is registered in a project."""
        token = self.sandbox.credentials["optimizely_token"]
        url = f"{self.sandbox.info['optimizely_api']}/projects/{project_id}/webhooks"
        answer = self.sandbox.http.get(url, headers={"authorization": f"Bearer {token}"})
        return list(answer.raise_for_status().json())

    @property
    def everything_said(self) -> str:
        """Return every line of the log, for the search for what must not be in it."""
        return "\n".join(repr(line) for line in self.app.log.lines)


@pytest.fixture
def connector(sandbox: Running, tmp_path: Path) -> Iterator[Connector]:
    """Give an installed connector that talks to the sandbox."""
    app = make_memory_app(
        environment=addresses(sandbox),
        functions=MemoryFunctions(endpoints={"optimizely_webhook": HOOK}),
    )
    invocation = app.invocation
    with (
        client_to(sandbox, tmp_path, clock=SandboxClock(sandbox)) as client,
        use(replace(invocation, services=replace(invocation.services, http=client))),
    ):
        lifecycle = Lifecycle()
        assert lifecycle.on_install().success
        yield Connector(app, sandbox, lifecycle)
