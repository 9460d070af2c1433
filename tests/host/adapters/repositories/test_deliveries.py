"""Webhook requests accepted for later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError

from mooring.adapters.database import Database
from mooring.adapters.repositories.deliveries import Deliveries
from mooring.adapters.secrets.sealing import Seal
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import deliveries as table
from mooring.engine.inbox import from_wire
from mooring.errors import NotFound, RecordInvalid
from mooring.model.delivery import Delivery, DeliveryState
from mooring.testing.clock import START

LATER = START + timedelta(minutes=5)


@pytest.fixture
def deliveries(database: Database, vault: Vault) -> Deliveries:
    seal = Seal("delivery", vault=lambda: vault)
    seal.ready()
    return Deliveries(database, seal=seal)


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


def accept(deliveries: Deliveries, sent: Delivery) -> str:
    (accepted_as,) = deliveries.accept([sent])
    return accepted_as


def test_an_accepted_delivery_is_kept_as_it_is(deliveries: Deliveries) -> None:
    sent = delivery()
    assert accept(deliveries, sent) == sent.delivery_id
    assert deliveries.get(sent.delivery_id) == sent


def test_the_database_holds_no_request_in_clear(deliveries: Deliveries, database: Database) -> None:
    accept(deliveries, delivery(request='{"headers": [["authorization", "Bearer canary"]]}'))
    with database.read() as connection:
        (row,) = connection.execute(select(table.c.request))
    assert row.request.startswith("sealed:")
    assert "canary" not in row.request


def test_the_key_of_the_seal_outlives_a_batch_that_could_not_be_stored(
    database: Database, vault: Vault
) -> None:
    seal = Seal("delivery", vault=lambda: vault)
    deliveries = Deliveries(database, seal=seal)
    with pytest.raises(IntegrityError):
        deliveries.accept([delivery(app_id=None)])
    sent = delivery()
    accept(deliveries, sent)
    again = Deliveries(database, seal=Seal("delivery", vault=lambda: vault))
    assert again.get(sent.delivery_id) == sent


def test_a_request_that_was_changed_holds_up_no_other(
    deliveries: Deliveries, database: Database
) -> None:
    first, second = delivery("evt_1"), delivery("evt_2")
    deliveries.accept([first, second])
    with database.write() as connection:
        change = update(table).where(table.c.delivery_id == first.delivery_id)
        connection.execute(change.values(request="sealed:AAAA"))
    due = {each.delivery_id: each for each in deliveries.due(LATER)}
    assert due[second.delivery_id] == second
    with pytest.raises(RecordInvalid, match="cannot be read"):
        from_wire(due[first.delivery_id].request)


def test_a_duplicate_gets_the_first_ones_id(deliveries: Deliveries) -> None:
    first = delivery()
    accept(deliveries, first)
    assert accept(deliveries, delivery(request="{}")) == first.delivery_id
    assert deliveries.recent() == [first]


@pytest.mark.parametrize("changes", [{"install_id": 2}, {"function": "other"}, {"app_id": "other"}])
def test_equal_keys_of_different_functions_are_different_deliveries(
    deliveries: Deliveries, changes: dict[str, Any]
) -> None:
    accept(deliveries, delivery())
    other = delivery(**changes)
    assert accept(deliveries, other) == other.delivery_id


def test_a_key_with_bytes_no_database_can_hold_still_counts_once(deliveries: Deliveries) -> None:
    first = delivery("\x00\ud800")
    accept(deliveries, first)
    assert accept(deliveries, delivery("\x00\ud800")) == first.delivery_id


def test_duplicates_in_one_batch_get_the_first_ones_id(deliveries: Deliveries) -> None:
    first, second, other = delivery(), delivery(), delivery("evt_2")
    assert deliveries.accept([first, second, other]) == [
        first.delivery_id,
        first.delivery_id,
        other.delivery_id,
    ]


def test_large_batches_are_stored_whole(deliveries: Deliveries) -> None:
    sent = [delivery(str(number)) for number in range(1200)]
    assert deliveries.accept(sent) == [one.delivery_id for one in sent]
    assert len(deliveries.recent(limit=2000)) == 1200


def test_threads_that_accept_at_once_each_get_their_answer(deliveries: Deliveries) -> None:
    sent = [delivery(str(number % 50)) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda one: accept(deliveries, one), sent))
    first = {one.dedupe_key: one.delivery_id for one in deliveries.recent(limit=500)}
    assert ids == [first[one.dedupe_key] for one in sent]
    assert len(first) == 50


def test_threads_that_accept_the_same_in_another_order_do_not_wait_for_each_other(
    deliveries: Deliveries,
) -> None:
    orders = [range(40), range(39, -1, -1)] * 4
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda o: deliveries.accept([delivery(str(n)) for n in o]), orders))
    assert len({one for ids in found for one in ids}) == 40


def test_many_share_one_transaction_and_few_statements(
    deliveries: Deliveries, database: Database
) -> None:
    said: list[str] = []

    def note(*given: Any) -> None:
        said.append(given[2])

    with database.write() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", note)
    deliveries.accept([delivery(str(number)) for number in range(85)])
    event.remove(engine, "before_cursor_execute", note)
    assert len([text for text in said if text.startswith("INSERT")]) == 2  # 64 + 21


def test_of_many_of_which_one_cannot_be_stored_none_is(deliveries: Deliveries) -> None:
    sent = [delivery(str(number), attempts=None if number == 5 else 0) for number in range(12)]
    with pytest.raises(IntegrityError):
        deliveries.accept(sent)
    assert deliveries.recent() == []


def test_the_due_ones_come_earliest_first(deliveries: Deliveries) -> None:
    late = delivery("late", due_at=LATER)
    early = delivery("early")
    deliveries.accept([late, early, delivery("future", due_at=LATER + timedelta(days=1))])
    assert deliveries.due(LATER) == [early, late]
    assert deliveries.due(LATER, limit=1) == [early]


def test_of_many_processes_one_claims_a_delivery(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: deliveries.claim([sent], until=LATER), range(8)))
    assert sorted(claims) == [[]] * 7 + [[sent]]
    assert deliveries.due(START) == []


def test_of_several_those_are_claimed_that_nobody_else_has(deliveries: Deliveries) -> None:
    sent = [delivery(str(number)) for number in range(5)]
    deliveries.accept(sent)
    assert deliveries.claim(sent[1:3], until=LATER) == sent[1:3]
    assert deliveries.begin(sent, until=LATER) == [sent[0], *sent[3:]]
    assert {
        one.attempts
        for one in deliveries.recent()
        if one.delivery_id in {sent[1].delivery_id, sent[2].delivery_id}
    } == {0}


def test_due_are_those_apart_from_what_is_left_out(deliveries: Deliveries) -> None:
    mine, other = delivery(), delivery(install_id=2)
    deliveries.accept([mine, other])
    assert deliveries.due(START, apart_from=[1]) == [other]
    deliveries.begin([mine], until=START)
    (begun,) = deliveries.due(START, apart_from=[2])
    assert begun.attempts == 1
    assert deliveries.due(START, suspects=False) == [other]
    deliveries.retry(mine.delivery_id, due_at=START, error="503")
    assert len(deliveries.due(START, suspects=False)) == 2


def test_large_ones_are_looked_at_few_at_a_time(deliveries: Deliveries) -> None:
    deliveries.accept([delivery(str(number), request="x" * 3_000_000) for number in range(4)])
    assert len(deliveries.due(START)) == 3


def test_an_attempt_that_was_not_made_after_all_does_not_count(deliveries: Deliveries) -> None:
    sent = delivery()
    deliveries.accept([sent])
    deliveries.begin([sent], until=LATER)
    deliveries.retry(sent.delivery_id, due_at=START, error=None, counts=False)
    assert deliveries.get(sent.delivery_id) == sent


def test_a_claim_that_is_never_answered_runs_out(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    deliveries.claim([sent], until=LATER)
    assert [one.delivery_id for one in deliveries.due(LATER)] == [sent.delivery_id]


def test_a_handled_delivery_is_not_due_again(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    deliveries.done([sent.delivery_id])
    assert deliveries.due(LATER) == []
    assert deliveries.get(sent.delivery_id).state is DeliveryState.DONE


def test_an_attempt_counts_from_its_beginning(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    deliveries.retry(sent.delivery_id, due_at=START, error="503")
    assert deliveries.begin([deliveries.get(sent.delivery_id)], until=LATER)
    begun = deliveries.get(sent.delivery_id)
    assert (begun.attempts, begun.due_at, begun.error) == (1, LATER, None)
    assert not deliveries.begin([sent], until=LATER + timedelta(days=1))


def test_a_retry_waits_and_has_its_reason(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    deliveries.retry(sent.delivery_id, due_at=LATER, error="503")
    again = deliveries.get(sent.delivery_id)
    assert (again.attempts, again.due_at, again.error) == (0, LATER, "503")


def test_a_buried_delivery_keeps_its_reason(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    deliveries.bury(sent.delivery_id, error="no such contact")
    buried = deliveries.get(sent.delivery_id)
    assert (buried.state, buried.error) == (DeliveryState.DEAD, "no such contact")
    assert deliveries.due(LATER) == []


def test_a_buried_delivery_can_be_tried_again(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    deliveries.bury(sent.delivery_id, error="no such contact")
    deliveries.retry(sent.delivery_id, due_at=LATER, error="replayed")
    assert [one.delivery_id for one in deliveries.due(LATER)] == [sent.delivery_id]


def test_deliveries_are_listed_newest_first(deliveries: Deliveries) -> None:
    old, new = delivery("old"), delivery("new", received_at=LATER)
    other = delivery("other", app_id="other")
    deliveries.accept([old, new, other])
    assert deliveries.recent(app_id="shop") == [new, old]


def test_an_unknown_delivery_is_not_found(deliveries: Deliveries) -> None:
    with pytest.raises(NotFound, match="no delivery nowhere"):
        deliveries.get("nowhere")
    with pytest.raises(NotFound, match="no delivery nowhere"):
        deliveries.bury("nowhere", error="")
    deliveries.done(["nowhere"])


def test_an_attempt_that_does_not_count_is_forgotten(deliveries: Deliveries) -> None:
    sent = delivery()
    accept(deliveries, sent)
    begun = deliveries.begin([sent], until=LATER)
    assert begun
    deliveries.retry(sent.delivery_id, due_at=LATER, error="Refused.", counts=False)
    kept = deliveries.get(sent.delivery_id)
    assert (kept.attempts, kept.error, kept.due_at) == (0, "Refused.", LATER)


def test_what_failed_is_made_due_for_one_installation_alone(deliveries: Deliveries) -> None:
    failed, fresh, theirs = delivery("a"), delivery("b", due_at=LATER), delivery("c", install_id=2)
    for each in (failed, fresh, theirs):
        accept(deliveries, each)
    for each in (failed, theirs):
        deliveries.retry(each.delivery_id, due_at=LATER, error="Refused.")
    assert deliveries.hasten(1, now=START) == 1
    assert [each.delivery_id for each in deliveries.due(START)] == [failed.delivery_id]
    assert deliveries.get(failed.delivery_id).error == "Refused."
