"""What must every ODP do, whatever keeps its customers? Inherit the class in a test module.

A subclass (named ``Test…``) gives three fixtures: ``odp``, in which the object ``test_app_results``
has the primary key ``result_id`` and the string ``note``; ``clock``, the FakeClock that it uses;
and ``stored_events``, which returns the stored events' data.
"""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import NotFound, RecordInvalid
from mooring.sdk.ports import OdpPort
from mooring.testing.clock import FakeClock

RESULTS = "test_app_results"


def upsert(odp: OdpPort, **attributes: Any) -> None:
    """Merge one customer."""
    odp.upsert_customers([{"attributes": attributes}])


def attributes_of(odp: OdpPort, identifier: str, value: str) -> dict[str, Any]:
    """Return what is known of a customer that must exist."""
    found = odp.customer(identifier, value)
    assert found is not None, f"nobody has {identifier} {value}"
    return dict(found.attributes)


def id_of(odp: OdpPort, identifier: str, value: str) -> str:
    """Return the id of a customer that must exist."""
    found = odp.customer(identifier, value)
    assert found is not None, f"nobody has {identifier} {value}"
    return found.customer_id


class CustomerContract:
    """Who is who, and what is known of them."""

    def test_a_customer_is_found_by_its_identifier(self, odp: OdpPort) -> None:
        upsert(odp, email="ana@example.org", first_name="Ana")
        known = {"email": "ana@example.org", "first_name": "Ana"}
        assert attributes_of(odp, "email", "ana@example.org") == known

    def test_addresses_are_compared_without_case_and_spaces(self, odp: OdpPort) -> None:
        upsert(odp, email=" Ana@Example.org ")
        assert odp.customer("email", "ana@example.ORG") is not None

    def test_an_identifier_that_is_a_number_is_kept_as_text(self, odp: OdpPort) -> None:
        upsert(odp, customer_id=42)
        assert attributes_of(odp, "customer_id", "42") == {"customer_id": "42"}

    def test_an_unknown_customer_is_none(self, odp: OdpPort) -> None:
        assert odp.customer("email", "nobody@example.org") is None

    def test_a_field_that_identifies_nobody_is_refused(self, odp: OdpPort) -> None:
        with pytest.raises(RecordInvalid, match="first_name identifies nobody"):
            odp.customer("first_name", "Ana")

    def test_a_second_row_merges_into_the_first_and_none_clears(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org", first_name="Ana", city="Lyon")
        upsert(odp, email="a@example.org", city=None, country="FR")
        known = {"email": "a@example.org", "first_name": "Ana", "country": "FR"}
        assert attributes_of(odp, "email", "a@example.org") == known

    def test_none_never_clears_an_identifier(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org", phone="+3311")
        upsert(odp, email="a@example.org", phone=None)
        assert attributes_of(odp, "phone", "+3311")["phone"] == "+3311"

    def test_a_second_value_of_an_identifier_finds_the_same_customer(self, odp: OdpPort) -> None:
        upsert(odp, email="old@example.org", customer_id="1")
        upsert(odp, email="new@example.org", customer_id="1")
        assert id_of(odp, "email", "old@example.org") == id_of(odp, "email", "new@example.org")
        assert attributes_of(odp, "customer_id", "1")["email"] == "new@example.org"

    def test_two_customers_with_a_high_identifier_in_common_become_one(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org", first_name="Ana")
        upsert(odp, phone="+3311", city="Lyon")
        upsert(odp, email="a@example.org", phone="+3311")
        assert id_of(odp, "email", "a@example.org") == id_of(odp, "phone", "+3311")
        assert len(odp.customers().customers) == 1

    def test_the_older_of_two_merged_customers_stays(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org")
        upsert(odp, phone="+3311")
        older = id_of(odp, "email", "a@example.org")
        upsert(odp, phone="+3311", email="a@example.org")
        assert id_of(odp, "phone", "+3311") == older

    def test_of_two_merged_values_the_one_written_last_stays(
        self, odp: OdpPort, clock: FakeClock
    ) -> None:
        upsert(odp, email="a@example.org", city="Lyon")
        clock.advance(1)
        upsert(odp, phone="+3311", city="Paris", country="FR")
        clock.advance(1)
        upsert(odp, email="a@example.org", city="Lyon")
        clock.advance(1)
        upsert(odp, email="a@example.org", phone="+3311")
        merged = attributes_of(odp, "email", "a@example.org")
        assert (merged["city"], merged["country"]) == ("Lyon", "FR")

    def test_a_former_id_still_finds_the_merged_customer(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org")
        upsert(odp, phone="+3311")
        former = id_of(odp, "phone", "+3311")
        upsert(odp, email="a@example.org", phone="+3311")
        assert attributes_of(odp, "zaius_id", former)["email"] == "a@example.org"

    def test_rows_of_one_call_merge_with_each_other(self, odp: OdpPort) -> None:
        rows = ({"email": "a@example.org"}, {"phone": "+3311"})
        both = {"email": "a@example.org", "phone": "+3311", "city": "Lyon"}
        odp.upsert_customers([{"attributes": row} for row in (*rows, both)])
        assert len(odp.customers().customers) == 1
        assert attributes_of(odp, "phone", "+3311") == both

    def test_a_low_identifier_moves_to_the_customer_that_was_meant(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org", vuid="v1")
        upsert(odp, email="b@example.org", vuid="v1")
        assert id_of(odp, "vuid", "v1") == id_of(odp, "email", "b@example.org")
        assert attributes_of(odp, "email", "a@example.org") == {"email": "a@example.org"}

    def test_a_customer_that_loses_a_value_shows_the_one_before(
        self, odp: OdpPort, clock: FakeClock
    ) -> None:
        upsert(odp, email="a@example.org", vuid="v1")
        clock.advance(1)
        upsert(odp, email="a@example.org", vuid="v2")
        clock.advance(1)
        upsert(odp, email="b@example.org", vuid="v2")
        assert attributes_of(odp, "email", "a@example.org")["vuid"] == "v1"

    def test_an_anonymous_customer_is_adopted_by_its_first_address(self, odp: OdpPort) -> None:
        upsert(odp, vuid="v1", city="Lyon")
        upsert(odp, email="a@example.org", vuid="v1")
        assert attributes_of(odp, "email", "a@example.org")["city"] == "Lyon"
        assert len(odp.customers().customers) == 1

    def test_a_device_of_a_known_customer_alone_means_that_customer(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org", vuid="v1")
        upsert(odp, vuid="v1", city="Lyon")
        assert attributes_of(odp, "email", "a@example.org")["city"] == "Lyon"

    def test_a_row_without_identifier_means_that_nothing_is_written(self, odp: OdpPort) -> None:
        rows = [{"attributes": {"email": "a@example.org"}}, {"attributes": {"city": "Lyon"}}]
        with pytest.raises(RecordInvalid, match="at least one identifier"):
            odp.upsert_customers(rows)
        assert odp.customers().customers == ()

    @pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
    def test_a_value_that_is_not_json_is_refused(self, odp: OdpPort, value: object) -> None:
        with pytest.raises(RecordInvalid, match="not JSON"):
            upsert(odp, email="a@example.org", value=value)

    def test_walking_meets_every_customer_once(self, odp: OdpPort) -> None:
        odp.upsert_customers([{"attributes": {"email": f"{n}@example.org"}} for n in range(25)])
        met: list[str] = []
        page = odp.customers(limit=10)
        while page.after is not None:
            met += [customer.customer_id for customer in page.customers]
            page = odp.customers(after=page.after, limit=10)
        met += [customer.customer_id for customer in page.customers]
        assert len(met) == len(set(met)) == 25

    def test_changing_what_was_returned_changes_nothing(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org", tags=["one"])
        attributes_of(odp, "email", "a@example.org")["tags"].append("two")
        assert attributes_of(odp, "email", "a@example.org")["tags"] == ["one"]


class EventContract:
    """What happened, once."""

    def test_an_event_with_a_known_idempotence_id_is_not_appended(
        self, odp: OdpPort, stored_events: Callable[[], list[Any]]
    ) -> None:
        event = {
            "type": "order",
            "action": "purchase",
            "identifiers": {"email": "a@example.org"},
            "data": {"idempotence_id": "1"},
        }
        assert odp.send_events([event, event]) == 1
        assert odp.send_events([event]) == 0
        assert len(stored_events()) == 1

    def test_an_idempotence_id_may_stand_beside_the_data(self, odp: OdpPort) -> None:
        event = {"type": "a", "identifiers": {"email": "a@example.org"}, "idempotence_id": "1"}
        assert odp.send_events([event]) == 1
        assert odp.send_events([{**event, "type": "b"}]) == 0

    def test_events_without_an_idempotence_id_are_all_appended(
        self, odp: OdpPort, stored_events: Callable[[], list[Any]]
    ) -> None:
        event = {"type": "visit", "identifiers": {"email": "a@example.org"}}
        assert odp.send_events([event, event]) == 2
        assert len(stored_events()) == 2

    def test_an_event_makes_its_customer_known(self, odp: OdpPort) -> None:
        odp.send_events([{"type": "visit", "identifiers": {"email": "A@example.org"}}])
        assert attributes_of(odp, "email", "a@example.org") == {"email": "a@example.org"}

    def test_an_event_unites_customers_as_a_row_does(self, odp: OdpPort) -> None:
        upsert(odp, email="a@example.org")
        upsert(odp, phone="+3311")
        both = {"email": "a@example.org", "phone": "+3311"}
        odp.send_events([{"type": "visit", "identifiers": both}])
        assert len(odp.customers().customers) == 1

    @pytest.mark.parametrize(
        "event",
        [
            {"identifiers": {"email": "a@example.org"}},
            {"type": "visit"},
            {"type": "visit", "identifiers": {"shoe_size": "42"}},
        ],
    )
    def test_one_unusable_event_means_that_none_is_stored(
        self, odp: OdpPort, event: dict[str, Any], stored_events: Callable[[], list[Any]]
    ) -> None:
        good = {"type": "visit", "identifiers": {"email": "b@example.org"}}
        with pytest.raises(RecordInvalid, match="event needs"):
            odp.send_events([good, event])
        assert stored_events() == []


class ObjectContract:
    """Rows of objects that an app declared."""

    def test_rows_merge_by_primary_key_and_none_clears(self, odp: OdpPort) -> None:
        odp.upsert_objects(RESULTS, [{"result_id": "2"}, {"result_id": "1", "note": "a"}])
        odp.upsert_objects(RESULTS, [{"result_id": "2", "note": "b"}])
        odp.upsert_objects(RESULTS, [{"result_id": "1", "note": None}])
        rows = [{"result_id": "1"}, {"result_id": "2", "note": "b"}]
        assert odp.objects(RESULTS) == rows

    def test_rows_are_walked_in_the_order_of_their_keys(self, odp: OdpPort) -> None:
        odp.upsert_objects(RESULTS, [{"result_id": f"{n}"} for n in (3, 1, 2)])
        assert odp.objects(RESULTS, after="1", limit=1) == [{"result_id": "2"}]

    def test_a_row_without_its_primary_key_is_refused(self, odp: OdpPort) -> None:
        with pytest.raises(RecordInvalid, match="result_id"):
            odp.upsert_objects(RESULTS, [{"result_id": "1"}, {"note": "a"}])
        assert odp.objects(RESULTS) == []

    def test_an_undeclared_object_is_not_found(self, odp: OdpPort) -> None:
        with pytest.raises(NotFound, match="no object nothing"):
            odp.objects("nothing")
        with pytest.raises(NotFound, match="no object nothing"):
            odp.upsert_objects("nothing", [])

    def test_the_objects_of_odp_itself_are_there(self, odp: OdpPort) -> None:
        odp.upsert_objects("products", [{"product_id": "p1", "name": "Shoe"}])
        assert odp.objects("products") == [{"product_id": "p1", "name": "Shoe"}]


class OdpContract(CustomerContract, EventContract, ObjectContract):
    """All of it."""
