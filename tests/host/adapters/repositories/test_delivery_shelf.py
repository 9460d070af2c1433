"""Deliveries as people see them, send them again and forget them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories import delivery_shelf
from mooring.adapters.repositories.delivery_shelf import DeliveryShelf
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.tables import deliveries
from mooring.errors import Conflict, NotFound, UsageError
from mooring.model.delivery import Delivery, DeliveryState
from mooring.testing.clock import START

PENDING, DONE, DEAD = DeliveryState
NOW = START + timedelta(days=40)


@pytest.fixture
def shelf(database: Database) -> DeliveryShelf:
    return DeliveryShelf(database)


@pytest.fixture
def put(database: Database) -> Any:
    """Give `put("id", state=…)`, which writes a delivery as it is."""
    usual = Delivery("", 1, "shop", "hook", "", "{}", PENDING, 0, START, START)

    def put_it(delivery_id: str, **changes: Any) -> Delivery:
        made = replace(usual, delivery_id=delivery_id, dedupe_key=delivery_id, **changes)
        with database.write() as connection:
            connection.execute(deliveries.insert().values(asdict(made)))
        return made

    return put_it


def test_the_newest_come_first_without_their_requests(shelf: DeliveryShelf, put: Any) -> None:
    put("old")
    new = put("new", received_at=START + timedelta(seconds=1))
    found = shelf.recent()
    assert [shown.delivery.delivery_id for shown in found] == ["new", "old"]
    assert found[0].delivery == replace(new, request="")
    assert [shown.delivery.delivery_id for shown in shelf.recent(limit=1)] == ["new"]


def test_app_account_and_state_narrow_what_is_shown(
    shelf: DeliveryShelf, put: Any, database: Database
) -> None:
    made = Installations(database).create(app_id="shop", account="paris", version="1", root="/x")
    put("a", install_id=made.install_id)
    put("b", install_id=0, state=DEAD)
    put("c", install_id=0, app_id="mail", state=DONE)

    def ids(**narrowed: Any) -> list[str]:
        return sorted(shown.delivery.delivery_id for shown in shelf.recent(**narrowed))

    assert ids(app_id="shop") == ["a", "b"]
    assert ids(account="paris") == ["a"]
    assert ids(state=DEAD) == ["b"]
    assert ids(app_id="mail", state=DEAD) == []
    accounts = {shown.delivery.delivery_id: shown.account for shown in shelf.recent()}
    assert accounts == {"a": "paris", "b": "", "c": ""}


def test_the_beginning_or_the_end_of_an_id_is_enough(shelf: DeliveryShelf, put: Any) -> None:
    whole = put("abcd1111-2222", request='{"whole": 1}')
    put("abcd2222-3333")
    assert shelf.named("ABCD1").delivery == replace(whole, request="")
    assert shelf.named("-2222").delivery == replace(whole, request="")
    with pytest.raises(UsageError, match="Several"):
        shelf.named("abcd")
    for unknown in ("ffff", "abc", "", "%%%%", "____"):
        with pytest.raises(NotFound):
            shelf.named(unknown)


@pytest.mark.parametrize("state", [DONE, DEAD])
def test_what_has_ended_is_sent_again_with_all_its_attempts(
    shelf: DeliveryShelf, put: Any, state: DeliveryState
) -> None:
    ended = put("abcd", state=state, attempts=8, error="It failed.")
    shelf.send_again(ended, now=NOW)
    expected = replace(ended, state=PENDING, attempts=0, error=None, due_at=NOW)
    assert shelf.named("abcd").delivery == replace(expected, request="")


def test_what_waits_after_a_failure_need_not_wait(shelf: DeliveryShelf, put: Any) -> None:
    waiting = put("abcd", attempts=3, error="It failed.", due_at=NOW + timedelta(hours=1))
    shelf.send_again(waiting, now=NOW)
    assert shelf.named("abcd").delivery.due_at == NOW


@pytest.mark.parametrize("attempts", [0, 1])
def test_what_is_in_hand_is_not_disturbed(shelf: DeliveryShelf, put: Any, attempts: int) -> None:
    in_hand = put("abcd", attempts=attempts)
    with pytest.raises(Conflict, match="has not ended"):
        shelf.send_again(in_hand, now=NOW)
    assert shelf.named("abcd").delivery == replace(in_hand, request="")


def test_all_that_an_app_has_set_aside_is_sent_again(
    shelf: DeliveryShelf, put: Any, database: Database
) -> None:
    made = Installations(database).create(app_id="shop", account="paris", version="1", root="/x")
    put("a", state=DEAD, error="x", install_id=0)
    put("b", state=DEAD, error="x", install_id=made.install_id)
    put("c", state=DEAD, app_id="mail")
    put("d", state=DONE)
    assert shelf.send_dead_again("shop", account="paris", now=NOW) == 1
    assert shelf.send_dead_again("shop", account=None, now=NOW) == 1
    dead = [shown.delivery.delivery_id for shown in shelf.recent(state=DEAD)]
    assert dead == ["c"]


def test_what_was_set_aside_is_counted_by_app(shelf: DeliveryShelf, put: Any) -> None:
    assert shelf.dead() == {}
    for number in range(2):
        put(f"shop-{number}", state=DEAD)
    put("mail-1", app_id="mail", state=DEAD)
    put("done", state=DONE)
    assert shelf.dead() == {"mail": 1, "shop": 2}


def test_only_what_was_handled_long_ago_is_forgotten(
    shelf: DeliveryShelf, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_shelf, "SWEPT_AT_ONCE", 2)
    for number in range(5):
        put(f"old-{number}", state=DONE)
    put("new", state=DONE, received_at=NOW)
    put("dead", state=DEAD)
    put("waiting")
    assert shelf.sweep(received_before=NOW - timedelta(days=30)) == 5
    left = {shown.delivery.delivery_id for shown in shelf.recent()}
    assert left == {"new", "dead", "waiting"}
