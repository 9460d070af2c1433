"""What is one execution of a job? Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mooring.model.moment import iso


class RunStatus(StrEnum):
    """The states of a run, in OCP's words (OCP's integers 0–5 in this order)."""

    PENDING = "PENDING"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    TERMINATED = "TERMINATED"

    @property
    def final(self) -> bool:
        """Whether a run in this state will never move again by itself."""
        return self in _FINAL


_FINAL = frozenset({RunStatus.COMPLETE, RunStatus.ERROR, RunStatus.TERMINATED})

# The statistics of a run that has done nothing: how long its steps took in all and at most, how
# many attempts failed over all its steps, and how long it was put off for that.
NOTHING_YET: Mapping[str, int] = MappingProxyType(
    {"step_ms_total": 0, "step_ms_longest": 0, "attempts_total": 0, "waited_ms": 0}
)


@dataclass(frozen=True, slots=True)
class Run:
    """A row written before anything runs; ``epoch`` fences out workers that lost it."""

    run_id: str
    install_id: int
    app_id: str
    account: str
    job: str
    status: RunStatus
    parameters: Mapping[str, Any]
    state: Mapping[str, Any]
    steps: int
    epoch: int
    attempt: int
    scheduled_at: datetime
    created_at: datetime
    worker: str | None = None
    error: str | None = None
    not_before: datetime | None = None
    heartbeat_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    workers_lost: int = 0
    statistics: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] | None = None

    @property
    def log_fields(self) -> dict[str, str | int]:
        """What a line of the log about it carries."""
        return {
            "app_id": self.app_id,
            "account": self.account,
            "install_id": self.install_id,
            "run_id": self.run_id,
            "job": self.job,
            "status": self.status.value,
            "steps": self.steps,
            "epoch": self.epoch,
        }

    def to_json(self) -> dict[str, Any]:
        """The published shape of a run (``jobs show --json``)."""
        return {
            "run_id": self.run_id,
            "app_id": self.app_id,
            "job": self.job,
            "status": self.status.value,
            "state": dict(self.state),
            "steps": self.steps,
            "error": self.error,
            "started_at": iso(self.started_at, timespec="milliseconds"),
            "completed_at": iso(self.completed_at, timespec="milliseconds"),
            "progress": None if self.progress is None else dict(self.progress),
            "statistics": {n: self.statistics.get(n, least) for n, least in NOTHING_YET.items()},
            "workers_lost": self.workers_lost,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """What a commit keeps of a run: ``encoded`` is ``state`` as JSON, encoded once."""

    state: Mapping[str, Any]
    encoded: str
    progress: Mapping[str, Any] | None = None
    statistics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobSchedule:
    """When one installation's job fires; ``next_at`` is None while it is switched off.

    ``jitter`` is by how many seconds at most an installation's share comes after its due times.
    """

    install_id: int
    job: str
    cron: str
    timezone: str = "UTC"
    overlap: str = "skip"
    missed: str = "run_once"
    next_at: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    jitter: int = 0
