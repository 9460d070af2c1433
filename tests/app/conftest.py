"""What do the connector's tests work with? An installation in memory, the sandbox over sockets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from mooring.adapters.budgets import BudgetKeeper
from mooring.adapters.http_client import HttpClient
from mooring.adapters.outbound import loopback_origins
from mooring.sdk import DeadLetter
from mooring.sdk.context import Invocation, use
from mooring.sdk.job import JobInvocation, JobStatus
from mooring.sdk.ports import Clock
from mooring.testing.memory import MemoryApp
from mooring.testing.memory import memory_app as make_memory_app
from mooring.testing.memory_odp import MemoryOdp
from mooring.testing.plugin import app_context, invocation, memory_app
from sandbox.running import Running
from scripts.local_services import APP, MOBILE, SHOP, addresses
from src.core.catalogue import FIELDS
from src.jobs.sync import Sync

__all__ = ["app_context", "invocation", "memory_app"]

ROOT = Path(__file__).resolve().parent.parent.parent
LEGACY, FINANCE = 20000000003, 20000000005
MOST_STEPS = 200
LONGEST_WINDOW = 61  # seconds, of the services that count calls by the second and the minute
SDK_KEYS = {
    (SHOP, "production"): "SandboxShopProd1",
    (SHOP, "staging"): "SandboxShopStag1",
    (MOBILE, "production"): "SandboxMobileProd1",
    (LEGACY, "production"): "SandboxLegacyProd1",
    (FINANCE, "production"): "SandboxFinanceProd1",
}

Step = Callable[[Sync, JobStatus], JobStatus]


def connection(project_id: int, environment: str = "production") -> dict[str, str]:
    """Write one connected environment as the settings form keeps it."""
    return {
        "project_id": str(project_id),
        "project_name": f"Project {project_id}",
        "environment": environment,
        "sdk_key": SDK_KEYS[project_id, environment],
    }


class SandboxClock:
    """The clock of this machine, ahead by what was waited: waiting moves the sandbox's clock on."""

    def __init__(self, sandbox: Running) -> None:
        self._sandbox = sandbox
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        return datetime.now(UTC) + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let the time pass on both sides, at once."""
        self._sandbox.advance(seconds)
        self._ahead += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Connected:
    """The connector on whose behalf the test runs, set up against the sandbox."""

    app: MemoryApp
    sandbox: Running
    now: Invocation = field(repr=False)

    def set_up(self, *places: tuple[int, str], **sync: Any) -> None:
        """Save the settings of all sections; ``sync`` goes into the section of that name."""
        put = self.now.services.settings.put
        credentials = self.sandbox.credentials
        put("optimizely", {"access_token": credentials["optimizely_token"]})
        put("brevo", {"api_key": credentials["brevo_api_key"]})
        put("projects", {"connections": [connection(*place) for place in places]})
        put("sync", sync)

    def know(self, *emails: str) -> None:
        """Let the connector have read these contacts alone."""
        for contact in self.contacts():
            if contact["email"] in emails:
                record = {"email": contact["email"], "id": contact["id"], "seen": 0}
                kept = {**record, "values": contact["attributes"]}
                self.now.services.kv_store.put(f"contact/{contact['email']}", kept)

    def job(self, run_id: str = "", **parameters: Any) -> Sync:
        """Make a run as the host does."""
        return Sync(JobInvocation(run_id or str(uuid4()), datetime.now(UTC), parameters))

    def sync(self, stages: Sequence[str] | None = None) -> dict[str, Any]:
        """Run the job to its end and return its report."""
        return dict(self.run(stages)["report"])

    def run(self, stages: Sequence[str] | None = None) -> dict[str, Any]:
        """Run the job to its end and return its state."""
        job = self.job()
        status = job.prepare({} if stages is None else {"stages": list(stages)})
        for _ in range(MOST_STEPS):
            # What the host commits between two steps is all that survives.
            status = job.perform(JobStatus(copy.deepcopy(status.state)))
            if status.complete:
                return status.state
        raise AssertionError(f"no end after {MOST_STEPS} steps: {status.state}")

    def brevo(self) -> dict[str, dict[str, Any]]:
        """Return the attributes of every contact by address, as Brevo has them."""
        return {each["email"]: each["attributes"] for each in self.contacts()}

    def contacts(self) -> list[dict[str, Any]]:
        """Return every contact as Brevo shows it; what it asks for is not metered."""
        self.now.services.clock.sleep(1)
        found = self.sandbox.contacts()
        self.now.services.clock.sleep(1)
        return found

    def written(self, *, after: int = 0) -> dict[str, list[dict[str, Any]]]:
        """Return what Brevo was sent for each contact, in order."""
        found: dict[str, list[dict[str, Any]]] = {}
        for each in self.sandbox.received(service="brevo", after=after):
            if each["kind"] == "contact.update":
                found.setdefault(each["contact"], []).append(each["attributes"])
            for row in each.get("rows", ()):
                found.setdefault(row["email"], []).append(row["attributes"])
        return found

    def letters(self) -> dict[str, DeadLetter]:
        """Return which contacts are set aside."""
        return {letter.key: letter for letter in self.app.dead_letters.all()}

    def retry(self, *keys: str) -> None:
        """Let the job handle contacts once more that are set aside."""
        self.job("again").retry_records([self.letters()[key] for key in keys])

    def kept(self, prefix: str) -> Mapping[str, dict[str, Any]]:
        """Return what the connector keeps under keys with this beginning."""
        return dict(self.now.services.kv_store.scan(prefix, limit=1_000_000))


@contextmanager
def client_to(sandbox: Running, folder: Path, *, clock: Clock) -> Iterator[HttpClient]:
    """Give a real client that may call what the manifest names, and the sandbox."""
    sandbox.advance(LONGEST_WINDOW)  # Its meters forget what other tests asked for.
    manifest = yaml.safe_load((ROOT / "app.yml").read_text(encoding="utf-8"))
    budgets = BudgetKeeper(folder / "budgets.sqlite", clock=clock)
    client = HttpClient(
        app_id=APP,
        outbound_domains=manifest["outbound_domains"],
        loopback_origins=loopback_origins(addresses(sandbox)),
        budgets=budgets,
        clock=clock,
    )
    yield client
    client.close()
    budgets.close()


@contextmanager
def connecting(sandbox: Running, folder: Path) -> Iterator[Connected]:
    """Give the connector with real HTTP, the sandbox's addresses and no time lost in waiting."""
    app = make_memory_app(
        app_id=APP,
        environment=addresses(sandbox),
        odp=MemoryOdp(object_keys={name: next(iter(rows)) for name, rows in FIELDS.items()}),
    )
    clock = SandboxClock(sandbox)
    with client_to(sandbox, folder, clock=clock) as http:
        services = replace(app.invocation.services, http=http, clock=clock)
        now = replace(app.invocation, services=services)
        with use(now):
            yield Connected(app, sandbox, now)


@pytest.fixture
def connected(sandbox: Running, tmp_path: Path) -> Iterator[Connected]:
    """Give the connector on an installation of the test's own."""
    with connecting(sandbox, tmp_path) as found:
        yield found
