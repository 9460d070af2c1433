"""Webhook requests accepted for later."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from mooring.adapters.database import Database
from mooring.adapters.repositories.deliveries import Deliveries
from mooring.errors import NotFound
from mooring.model.delivery import Delivery, DeliveryState
from mooring.testing.clock import START

LATER = START + timedelta(minutes=5)


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    return Deliveries(database)


def delivery(key: str = "evt_1", **changes: Any) -> Delivery:
    made = Delivery(
        delivery_id=str(uuid4()),
        install_id=1,
        app_id="shop",
        function="hook",
        dedupe_key=key,
        request='{"method": "POST", "body": "e30="}',
        state=DeliveryState.PENDING,
        attempts=0,
        received_at=START,
        due_at=START,
    )
    return replace(made, **changes)


def test_an_accepted_delivery_is_kept_as_it_is(deliveries: Deliveries) -> None:
    sent = delivery()
    assert deliveries.accept(sent) == sent.delivery_id
    assert deliveries.get(sent.delivery_id) == sent


def test_a_duplicate_gets_the_first_ones_id(deliveries: Deliveries) -> None:
    first = delivery()
    deliveries.accept(first)
    assert deliveries.accept(delivery(request="{}")) == first.delivery_id
    assert deliveries.recent() == [first]


@pytest.mark.parametrize("changes", [{"install_id": 2}, {"function": "other"}, {"app_id": "other"}])
def test_equal_keys_of_different_functions_are_different_deliveries(
    deliveries: Deliveries, changes: dict[str, Any]
) -> None:
    deliveries.accept(delivery())
    other = delivery(**changes)
    assert deliveries.accept(other) == other.delivery_id


def test_a_key_with_bytes_no_database_can_hold_still_counts_once(deliveries: Deliveries) -> None:
    first = delivery("\x00\ud800")
    deliveries.accept(first)
    assert deliveries.accept(delivery("\x00\ud800")) == first.delivery_id


def test_duplicates_in_one_batch_get_the_first_ones_id(deliveries: Deliveries) -> None:
    first, second, other = delivery(), delivery(), delivery("evt_2")
    assert deliveries.accept_many([first, second, other]) == [
        first.delivery_id,
        first.delivery_id,
        other.delivery_id,
    ]


def test_large_batches_are_stored_whole(deliveries: Deliveries) -> None:
    sent = [delivery(str(number)) for number in range(1200)]
    assert deliveries.accept_many(sent) == [one.delivery_id for one in sent]
    assert len(deliveries.recent(limit=2000)) == 1200


def test_threads_that_accept_at_once_each_get_their_answer(deliveries: Deliveries) -> None:
    sent = [delivery(str(number % 50)) for number in range(200)]
    with ThreadPoolExecutor(32) as pool:
        ids = list(pool.map(deliveries.accept, sent))
    first = {one.dedupe_key: one.delivery_id for one in deliveries.recent(limit=500)}
    assert ids == [first[one.dedupe_key] for one in sent]
    assert len(first) == 50


def test_threads_that_accept_at_once_share_transactions(
    deliveries: Deliveries, database: Database
) -> None:
    transactions = 0

    def count(_: object) -> None:
        nonlocal transactions
        transactions += 1

    ready = threading.Barrier(24)

    def accept(number: int) -> None:
        ready.wait()
        deliveries.accept(delivery(str(number)))

    with database.write() as connection:
        engine = connection.engine
    event.listen(engine, "commit", count)
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(accept, range(24)))
    event.remove(engine, "commit", count)
    assert transactions < 24


def test_one_that_cannot_be_stored_does_not_take_others_with_it(deliveries: Deliveries) -> None:
    ready = threading.Barrier(12)

    def accept(number: int) -> bool:
        ready.wait()
        try:
            deliveries.accept(delivery(str(number), request=None if number == 5 else "{}"))
        except Exception:  # noqa: BLE001  # whatever the driver says about a missing request
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        stored = list(pool.map(accept, range(12)))
    assert stored == [number != 5 for number in range(12)]


def test_the_due_ones_come_earliest_first(deliveries: Deliveries) -> None:
    late = delivery("late", due_at=LATER)
    early = delivery("early")
    deliveries.accept_many([late, early, delivery("future", due_at=LATER + timedelta(days=1))])
    assert deliveries.due(LATER) == [early, late]
    assert deliveries.due(LATER, limit=1) == [early]


def test_of_many_processes_one_claims_a_delivery(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept(sent)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: deliveries.claim(sent, until=LATER), range(8)))
    assert sum(claims) == 1
    assert deliveries.due(START) == []


def test_a_claim_that_is_never_answered_runs_out(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept(sent)
    deliveries.claim(sent, until=LATER)
    assert [one.delivery_id for one in deliveries.due(LATER)] == [sent.delivery_id]


def test_a_handled_delivery_is_not_due_again(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept(sent)
    deliveries.done(sent.delivery_id)
    assert deliveries.due(LATER) == []
    assert deliveries.get(sent.delivery_id).state is DeliveryState.DONE


def test_an_attempt_counts_from_its_beginning(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept(sent)
    deliveries.retry(sent.delivery_id, due_at=START, error="503")
    assert deliveries.begin(deliveries.get(sent.delivery_id), until=LATER)
    begun = deliveries.get(sent.delivery_id)
    assert (begun.attempts, begun.due_at, begun.error) == (1, LATER, None)
    assert not deliveries.begin(sent, until=LATER + timedelta(days=1))


def test_a_retry_waits_and_has_its_reason(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept(sent)
    deliveries.retry(sent.delivery_id, due_at=LATER, error="503")
    again = deliveries.get(sent.delivery_id)
    assert (again.attempts, again.due_at, again.error) == (0, LATER, "503")


def test_a_buried_delivery_keeps_its_reason(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept(sent)
    deliveries.bury(sent.delivery_id, error="no such contact")
    buried = deliveries.get(sent.delivery_id)
    assert (buried.state, buried.error) == (DeliveryState.DEAD, "no such contact")
    assert deliveries.due(LATER) == []


def test_a_buried_delivery_can_be_tried_again(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept(sent)
    deliveries.bury(sent.delivery_id, error="no such contact")
    deliveries.retry(sent.delivery_id, due_at=LATER, error="replayed")
    assert [one.delivery_id for one in deliveries.due(LATER)] == [sent.delivery_id]


def test_deliveries_are_listed_newest_first(deliveries: Deliveries) -> None:
    old, new = delivery("old"), delivery("new", received_at=LATER)
    other = delivery("other", app_id="other")
    deliveries.accept_many([old, new, other])
    assert deliveries.recent(app_id="shop") == [new, old]


def test_an_unknown_delivery_is_not_found(deliveries: Deliveries) -> None:
    with pytest.raises(NotFound, match="no delivery nowhere"):
        deliveries.get("nowhere")
    with pytest.raises(NotFound, match="no delivery nowhere"):
        deliveries.done("nowhere")
