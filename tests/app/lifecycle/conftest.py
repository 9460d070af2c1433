"""The connector in memory, over real HTTP to the sandbox, with a form to submit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.budgets import BudgetKeeper
from mooring.adapters.clock import SystemClock
from mooring.adapters.http_client import HttpClient
from mooring.adapters.outbound import loopback_origins
from mooring.sdk import LifecycleSettingsResult
from mooring.sdk.context import use
from mooring.testing.memory import MemoryApp, MemoryFunctions
from mooring.testing.memory import memory_app as make_memory_app
from sandbox.running import Running
from src.lifecycle.lifecycle import Lifecycle

HOOK = "http://127.0.0.1:9/functions/optimizely_connector/optimizely_webhook/uuid"
ADDRESSES = {
    "APP_ENV_OPTIMIZELY_API_URL": "optimizely_api",
    "APP_ENV_OPTIMIZELY_FLAGS_URL": "optimizely_flags",
    "APP_ENV_OPTIMIZELY_CDN_URL": "optimizely_cdn",
    "APP_ENV_BREVO_URL": "brevo",
}


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
    environment = {name: sandbox.info[key] for name, key in ADDRESSES.items()}
    budgets = BudgetKeeper(tmp_path / "budgets.sqlite", clock=SystemClock())
    client = HttpClient(
        app_id="optimizely_connector",
        outbound_domains=(),
        loopback_origins=loopback_origins(environment),
        budgets=budgets,
        clock=SystemClock(),
    )
    app = make_memory_app(
        environment=environment,
        functions=MemoryFunctions(endpoints={"optimizely_webhook": HOOK}),
    )
    invocation = app.invocation
    with use(replace(invocation, services=replace(invocation.services, http=client))):
        lifecycle = Lifecycle()
        assert lifecycle.on_install().success
        yield Connector(app, sandbox, lifecycle)
    client.close()
    budgets.close()
