"""What would a run of a job write? A plan, as a value: counts, samples, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from mooring.model.moment import iso


@dataclass(frozen=True, slots=True)
class Counted:
    """How many writes of one kind there are, and how many records they carry."""

    service: str
    action: str
    target: str
    writes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Linked:
    """Where a write says what only the service can tell, and where its answer will tell it.

    Both are pairs of a place in the write or in its answer, and the blank that stands there.
    """

    blanks: Sequence[Sequence[Any]] = field(default_factory=list)
    answers: Sequence[Sequence[Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of a job of one installation would write, made at one moment.

    ``code`` names the app's folder with the digest of its files. ``reads`` maps what was read, and
    ``writes`` and ``linked`` what would be written, to digests and numbers. ``kept`` counts the
    records that would change by store, ``state`` is the one that the run would end with.
    """

    plan_id: str
    app_id: str
    version: str
    code: str
    account: str
    install_id: int
    job: str
    parameters: Mapping[str, Any]
    made_at: datetime
    expires_at: datetime
    steps: int = 0
    counts: Sequence[Counted] = field(default_factory=list)
    samples: Sequence[Mapping[str, Any]] = field(default_factory=list)
    kept: Mapping[str, int] = field(default_factory=dict)
    notifications: Sequence[Mapping[str, Any]] = field(default_factory=list)
    state: Mapping[str, Any] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)
    linked: Mapping[str, Linked] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many writes there are in all."""
        return sum(self.writes.values())

    @property
    def log_fields(self) -> dict[str, str | int]:
        """What a line of the log about it carries, which is of no run yet."""
        return {
            "app_id": self.app_id,
            "account": self.account,
            "install_id": self.install_id,
            "run_id": self.plan_id,
            "job": self.job,
            "plan": self.plan_id,
        }

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        made = {"made_at": iso(self.made_at, timespec="microseconds")}
        expires = {"expires_at": iso(self.expires_at, timespec="microseconds")}
        return {**asdict(self), **made, **expires, "total": self.total}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Plan:
        """Read what ``to_json`` wrote."""
        given = {name: value for name, value in said.items() if name != "total"}
        return cls(
            **{
                **given,
                "made_at": datetime.fromisoformat(said["made_at"]),
                "expires_at": datetime.fromisoformat(said["expires_at"]),
                "counts": [Counted(**each) for each in said["counts"]],
                "linked": {name: Linked(**each) for name, each in said["linked"].items()},
            }
        )
