"""What does the engine need from the outside? Protocols only; adapters implement them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from mooring.model.authorization import Authorization
from mooring.model.delivery import Delivery
from mooring.model.installation import (
    AppVersion,
    Attention,
    Endpoint,
    Installation,
    InstallationState,
    UpgradePhase,
)
from mooring.model.notification import Level, Notification
from mooring.model.run import JobSchedule, Run, RunStatus, Standing
from mooring.sdk.job import Job


class InstallationRepository(Protocol):
    """Installations and their addresses."""

    def create(self, *, app_id: str, account: str, version: str, root: str) -> Installation:
        """Write a new installation in state INSTALLING. Raises Conflict if one is alive."""

    def get(self, install_id: int) -> Installation:
        """Return one. Raises NotFound."""

    def find(self, app_id: str, account: str) -> Installation | None:
        """Return the living installation of an app in an account."""

    def all(self) -> list[Installation]:
        """Return every living installation, by app and account."""

    def set_state(self, install_id: int, state: InstallationState) -> None:
        """Move an installation to another state."""

    def begin_upgrade(self, installation: Installation, after: AppVersion) -> Installation:
        """Note to which version it is on its way; its present one goes on to serve.

        Raises Conflict when it is in another transition.
        """

    def switch(self, installation: Installation, phase: UpgradePhase) -> Installation:
        """Let the version that this phase of its upgrade asks for serve from now on."""

    def forget_upgrade(self, install_id: int) -> Installation:
        """Note that it is on its way to no other version."""

    def remove(self, install_id: int) -> None:
        """Delete the installation and everything it owns, its addresses excepted."""

    def add_endpoint(self, install_id: int, app_id: str, function: str) -> Endpoint:
        """Give a function its address (an existing one is kept)."""

    def endpoints(self, install_id: int) -> list[Endpoint]:
        """Return the living addresses of an installation."""

    def endpoint(self, uuid: str) -> Endpoint | None:
        """Return the address, also a removed one (``removed_at`` set), or None if never known."""

    def retire_endpoints(self, install_id: int, *, keep: Collection[str] = ()) -> None:
        """Make the addresses answer 410 from now on, those of the functions in ``keep`` not."""


class AttentionRepository(Protocol):
    """Marks of installations whose credentials are accepted no more."""

    def mark(self, install_id: int, attention: Attention, *, began: datetime) -> bool:
        """Mark a section; False if it is marked, or was accepted since ``began``."""

    def accept(self, install_id: int, section: str, *, now: datetime) -> bool:
        """Note that a section was accepted, and take its mark away; tell whether it had one."""


class NotificationRepository(Protocol):
    """What apps told the people whose account it is."""

    def add(
        self,
        installation: Installation,
        level: Level,
        activity: str,
        title: str,
        summary: str,
        details: str | None = None,
    ) -> Notification:
        """Keep one; what is too long is cut."""


class HistoryRepository(Protocol):
    """What happened to installations; entries are added and never changed."""

    def record(
        self, installation: Installation, action: str, *, outcome: str = "done", message: str = ""
    ) -> None:
        """Add an entry; ``message`` names sections, keys and reasons, never values."""


class DrivenRuns(Protocol):
    """How a run moves on, fenced by its epoch: a worker that lost a run cannot write to it."""

    def get(self, run_id: str) -> Run:
        """Return one. Raises NotFound."""

    def commit_prepared(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Store where it begins, which is no step yet. Raises LeaseLost."""

    def commit_step(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Store where it stands after a step; it makes good what failed. Raises LeaseLost."""

    def complete(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Store where it stands after the last step and end it in one. Raises LeaseLost."""

    def finish(
        self,
        run: Run,
        status: RunStatus,
        *,
        now: datetime,
        error: str | None = None,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """End the run. Raises LeaseLost."""

    def postpone(
        self,
        run: Run,
        *,
        until: datetime,
        error: str | None,
        attempt: int,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """Give the run back as PENDING, not before ``until``. Raises LeaseLost."""


class RunRepository(DrivenRuns, Protocol):
    """All runs of a host, with what begins them and what ends them from outside."""

    def create(
        self,
        installation: Installation,
        job: str,
        parameters: Mapping[str, Any],
        *,
        scheduled_at: datetime,
        due_key: str | None = None,
    ) -> Run | None:
        """Write a PENDING run; None when ``due_key`` (one per schedule and due time) exists."""

    def recent(
        self,
        *,
        app_id: str | None = None,
        account: str | None = None,
        install_id: int | None = None,
        job: str | None = None,
        active: bool = False,
        limit: int = 100,
    ) -> list[Run]:
        """Return runs, newest first."""

    def terminate(self, run_id: str, *, now: datetime, reason: str | None = None) -> Run:
        """End an active run from outside (raises its epoch). Raises NotFound."""

    def terminate_all(
        self,
        install_id: int,
        *,
        now: datetime,
        reason: str | None = None,
        keep: Collection[str] = (),
    ) -> int:
        """End every active run of an installation, but for jobs in ``keep``; return how many."""


class StepWatch(Protocol):
    """Who knows at any time which step the driving thread is in, if it is in one."""

    def enters(self, run: Run, job: Job | None) -> None:
        """App code of the run is called; ``job`` is None until there is one."""

    def leaves(self) -> None:
        """It has returned or raised. In a process that the app forked off, this ends it."""


class MadeWrites(Protocol):
    """Which writes of a plan were made, whatever became of the process that made them."""

    def made(self) -> Mapping[str, Mapping[str, Any]]:
        """Map the digests of those that were made to what their answers told."""

    def add(self, key: str, told: Mapping[str, Any]) -> None:
        """Note one."""

    def refused(self) -> str | None:
        """Return why nothing more is to be written, once a write was refused."""

    def refuse(self, reason: str) -> None:
        """Note that nothing more is to be written, and why."""


class ScheduleRepository(Protocol):
    """When jobs fire."""

    def put(self, schedule: JobSchedule) -> None:
        """Insert or replace the schedule of one installation's job."""

    def get(self, install_id: int, job: str) -> JobSchedule | None:
        """Return one."""

    def of(self, install_id: int) -> list[JobSchedule]:
        """Return an installation's schedules."""

    def due(self, now: datetime, *, limit: int = 100) -> list[JobSchedule]:
        """Return the schedules whose time has come, earliest first."""

    def held(
        self, now: datetime, *, limit: int = 100
    ) -> AbstractContextManager[Sequence[JobSchedule]]:
        """Give schedules whose time has come, which no other host gets until the block ends.

        What is written inside of it is stored together, or not at all.
        """

    def reckoned_after(self, moment: datetime, *, limit: int = 1000) -> list[JobSchedule]:
        """Return what is due only after ``moment``, as found when a clock showed a later time."""

    def advance(self, schedule: JobSchedule, *, next_at: datetime | None) -> bool:
        """Move on from ``schedule.next_at``; False when another host did it first."""

    def remove(self, install_id: int, *, jobs: Collection[str] | None = None) -> None:
        """Forget an installation's schedules, or only those of some jobs."""


class DeliveryRepository(Protocol):
    """Webhook requests accepted for later."""

    def accept(self, accepted: Sequence[Delivery]) -> list[str]:
        """Store them durably and return their ids, or those of earlier ones with a dedupe_key."""

    def due(
        self,
        now: datetime,
        *,
        limit: int = 20,
        apart_from: Collection[int] = (),
        suspects: bool = True,
    ) -> list[Delivery]:
        """Return deliveries to process, earliest first, apart from those of some installations.

        Without ``suspects`` also apart from those whose last attempt came to no end.
        """

    def begin(self, due: Sequence[Delivery], *, until: datetime) -> list[Delivery]:
        """Claim deliveries for an attempt, which counts from now on, also if nobody ends it.

        Return, as they were, those that no other process has.
        """

    def claim(self, held: Sequence[Delivery], *, until: datetime) -> list[Delivery]:
        """Hold deliveries until then; return, as they were, those that no other process has."""

    def done(self, delivery_ids: Sequence[str]) -> None:
        """Mark them handled; those that are gone stay so."""

    def retry(
        self, delivery_id: str, *, due_at: datetime, error: str | None, counts: bool = True
    ) -> None:
        """Try again later; the attempt is forgotten unless it ``counts``."""

    def hasten(self, install_id: int, *, now: datetime) -> int:
        """Make due what waits because it failed; return how many."""

    def bury(self, delivery_id: str, *, error: str) -> None:
        """Set it aside with its reason."""

    def recent(self, *, app_id: str | None = None, limit: int = 100) -> Sequence[Delivery]:
        """Return deliveries, newest first."""

    def get(self, delivery_id: str) -> Delivery:
        """Return one. Raises NotFound."""


class SecretVault(Protocol):
    """Where secret values live, by owner (``install/7``) and name; values are text."""

    def get(self, owner: str, name: str) -> str | None:
        """Return the value, or None."""

    def set(self, owner: str, name: str, value: str) -> None:
        """Store a value."""

    def delete(self, owner: str, name: str) -> bool:
        """Remove a value; say whether it was there."""

    def names(self, owner: str) -> list[tuple[str, datetime]]:
        """Return names and the time of their last change, never values."""

    def delete_all(self, owner: str) -> int:
        """Remove everything of an owner."""


class SecretMask(Protocol):
    """What keeps secret values out of everything that is shown or written down."""

    def learn(self, value: str) -> None:
        """Hide this value from now on."""

    def hide(self, text: str) -> str:
        """Return the text with every known secret replaced."""


class AuthorizationRepository(Protocol):
    """Authorizations that were begun; each is used once."""

    def add(self, authorization: Authorization) -> None:
        """Write a new one."""

    def get(self, state_id: str) -> Authorization | None:
        """Return one, whether or not it can still be used."""

    def use(self, state_id: str, *, now: datetime) -> bool:
        """Use it up; False when it was used before or has expired."""

    def conclude(self, state_id: str, outcome: Mapping[str, Any]) -> None:
        """Write down what became of it."""


class LeaseRepository(Protocol):
    """Who may do something alone for a while, among all processes of the host."""

    def acquire(self, name: str, *, holder: str, seconds: float) -> bool:
        """Take the lease, or renew one's own; False while somebody else has it."""

    def release(self, name: str, *, holder: str) -> None:
        """Give the lease back; what somebody else has meanwhile stays theirs."""
