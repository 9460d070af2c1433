"""What does one step of the sync work with? Everything that outlives it is in ``position``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mooring.sdk import Job

from ..core.settings import Connection, Settings

Position = dict[str, Any]  # Any: JSON
Report = dict[str, Any]  # Any: JSON

STEP_ROWS = 500  # contacts in one step of deciding and planning


@dataclass(frozen=True, slots=True)
class Work:
    """One step of one run; ``position`` and ``report`` are changed in place.

    ``at`` is the run's time in epoch seconds, fixed before anything was written; ``wait`` waits
    interruptibly; ``read_now`` says whether this run has read Brevo's contacts; ``job`` sets
    contacts aside, and ``refused`` is what people are told of those.
    """

    settings: Settings
    run_id: str
    at: float
    position: Position
    report: Report
    read_now: bool
    wait: Callable[[float], None]
    job: Job
    refused: dict[str, Any]  # Any: JSON

    def places(self) -> dict[tuple[str, str], Connection]:
        """Return the connected environments by project and environment."""
        return {(each.project_id, each.environment): each for each in self.settings.connections}

    def count(self, **amounts: int) -> None:
        """Add to numbers of the report."""
        for name, amount in amounts.items():
            self.report[name] = self.report.get(name, 0) + amount

    def problem(self, sentence: str) -> None:
        """Report what went wrong with one part while the others go on, once."""
        known = self.report.setdefault("problems", [])
        if sentence not in known:
            known.append(sentence)
