"""What becomes of a run whose code raised, by the class of the error."""

from __future__ import annotations

import pytest

from mooring.engine.failures import (
    AFTER_OUTAGE,
    LONGEST_WAIT,
    MOST_SET_ASIDE,
    End,
    PutOff,
    Reaction,
    SetAside,
    reaction_to,
)
from mooring.errors import (
    CredentialsRejected,
    DatabaseAway,
    DatabaseBusy,
    LoopBlocked,
    RateLimited,
    RecordInvalid,
    RecordRefused,
    RequestRefused,
    ServiceUnavailable,
)
from mooring.model.manifest import RetryPolicy

RETRY = RetryPolicy(attempts=3, backoff_seconds=10, max_backoff_seconds=15)
REFUSED = RecordRefused("No address.", key="7", record={"id": 7})


def reaction(error: BaseException, *, attempt: int = 0, set_aside: int = 0) -> Reaction:
    return reaction_to(error, retry=RETRY, attempt=attempt, set_aside=set_aside)


@pytest.mark.parametrize("error", [ServiceUnavailable(), KeyError("email"), SystemExit(3)])
def test_what_may_succeed_later_is_put_off_longer_each_time_until_it_ends(
    error: BaseException,
) -> None:
    found = [reaction(error, attempt=attempt) for attempt in range(3)]
    assert found == [PutOff(10, 1), PutOff(15, 2), End()]


def test_waiting_as_asked_costs_no_attempt_and_has_a_bound() -> None:
    assert reaction(RateLimited(retry_after=90), attempt=2) == PutOff(90, 2)
    assert reaction(RateLimited(retry_after=-5)) == PutOff(0, 0)
    assert reaction(RateLimited(retry_after=1e300)) == PutOff(LONGEST_WAIT, 0)


def test_that_the_database_was_away_costs_no_attempt() -> None:
    assert reaction(DatabaseAway(), attempt=2) == PutOff(AFTER_OUTAGE, 2)
    assert reaction(DatabaseBusy(), attempt=2) == PutOff(AFTER_OUTAGE, 2)


@pytest.mark.parametrize(
    "error", [CredentialsRejected(), RequestRefused(), LoopBlocked(), RecordInvalid("Bad.")]
)
def test_what_would_fail_again_ends_the_run(error: BaseException) -> None:
    assert reaction(error) == End()


def test_a_record_that_is_refused_is_set_aside_up_to_a_bound() -> None:
    assert reaction(REFUSED, set_aside=MOST_SET_ASIDE - 1) == SetAside()
    assert reaction(REFUSED, set_aside=MOST_SET_ASIDE) == End(
        " It was the record after 1,000 others of one step."
    )
