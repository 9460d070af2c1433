"""What becomes of a run whose code raised? Decided by the class of the error, from its reaction.

===============  ===================================================================================
``retry``        put off, longer each time, until the attempts of the job's ``retry`` are used up
``retry_after``  put off as long as the other service asks, which costs no attempt
``reconnect``    ended in ERROR; the installation is marked as needing attention
``skip_record``  the record is set aside and the step done again without it (RecordRefused)
``stop``         ended in ERROR at once: trying again would fail in the same way
===============  ===================================================================================

An exception that is none of the host's errors is retried: it may have been anything. That the
host's own database was away, or busy, costs no attempt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mooring.errors import DatabaseAway, DatabaseBusy, MooringError, RateLimited, RecordRefused
from mooring.model.manifest import RetryPolicy

MOST_SET_ASIDE = 1000  # records without a committed step; a job that refuses more refuses them all
AFTER_OUTAGE = 1.0  # seconds
OUR_DATABASE = (DatabaseAway, DatabaseBusy)
DAY = 24 * 3600.0
LONGEST_WAIT = 30 * DAY  # that another service may ask for


@dataclass(frozen=True, slots=True)
class PutOff:
    """The run goes on in so many seconds, with so many failed attempts behind it."""

    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """The record is set aside, and the step done again without it."""


@dataclass(frozen=True, slots=True)
class End:
    """The run ends in ERROR; ``because`` comes after what the error says."""

    because: str = ""


Reaction: TypeAlias = PutOff | SetAside | End


def reaction_to(
    error: BaseException, *, retry: RetryPolicy, attempt: int, set_aside: int
) -> Reaction:
    """Decide, after ``attempt`` failed attempts at this step and so many records set aside."""
    if isinstance(error, OUR_DATABASE):
        return PutOff(AFTER_OUTAGE, attempt)
    if isinstance(error, RateLimited):
        return PutOff(min(max(error.retry_after, 0.0), LONGEST_WAIT), attempt)
    if isinstance(error, RecordRefused):
        if set_aside < MOST_SET_ASIDE:
            return SetAside()
        return End(f" It was the record after {MOST_SET_ASIDE:,} others of one step.")
    tried = attempt + 1
    if not _is_worth_retrying(error) or tried >= retry.attempts:
        return End()
    seconds = min(retry.backoff_seconds * 2.0 ** min(attempt, 60), retry.max_backoff_seconds)
    return PutOff(seconds, tried)


def _is_worth_retrying(error: BaseException) -> bool:
    """Whether the same step may succeed later: it may, unless the error itself says no."""
    return not isinstance(error, MooringError) or error.reaction in ("retry", "retry_after")
