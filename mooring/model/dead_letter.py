"""What is a record that a job set aside? Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

RETRY = "retry_dead_letters"  # the parameter of a run that handles what was set aside once more


class LetterState(StrEnum):
    """Where a dead letter stands: on the shelf, or in the hands of a run that tries it again."""

    SET_ASIDE = "set_aside"
    RETRYING = "retrying"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that a job could not handle, with the newest reason.

    ``times`` counts the runs that set it aside; ``run_id`` is the last of them, or the one that
    tries it again. ``key`` tells it from all other records of the job.
    """

    letter_id: str
    install_id: int
    job: str
    key: str
    run_id: str
    state: LetterState
    reason: str
    times: int
    created_at: datetime
    changed_at: datetime
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)
