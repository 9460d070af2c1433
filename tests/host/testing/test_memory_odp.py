import pytest

from mooring.errors import NotFound, RecordInvalid
from mooring.testing.memory_odp import MemoryOdp


@pytest.fixture
def odp() -> MemoryOdp:
    return MemoryOdp(object_keys={"test_app_results": "result_id"})


def customer_of(odp: MemoryOdp, identifier: str, value: str) -> str:
    found = odp.customer(identifier, value)
    assert found is not None
    return found.customer_id


def upsert(odp: MemoryOdp, **attributes: object) -> None:
    odp.upsert_customers([{"attributes": attributes}])


def test_a_customer_is_found_by_its_identifier(odp: MemoryOdp) -> None:
    upsert(odp, email="ana@example.org", first_name="Ana")
    found = odp.customer("email", "ana@example.org")
    assert found is not None
    assert found.attributes == {"email": "ana@example.org", "first_name": "Ana"}


def test_addresses_are_compared_without_case(odp: MemoryOdp) -> None:
    upsert(odp, email=" Ana@Example.org ")
    assert odp.customer("email", "ana@example.ORG") is not None


def test_an_unknown_customer_is_none(odp: MemoryOdp) -> None:
    assert odp.customer("email", "nobody@example.org") is None


def test_a_second_row_merges_into_the_first(odp: MemoryOdp) -> None:
    upsert(odp, email="a@example.org", first_name="Ana", city="Lyon")
    upsert(odp, email="a@example.org", city=None, country="FR")
    found = odp.customer("email", "a@example.org")
    assert found is not None
    assert found.attributes == {"email": "a@example.org", "first_name": "Ana", "country": "FR"}


def test_two_customers_with_one_high_identifier_in_common_become_one(odp: MemoryOdp) -> None:
    upsert(odp, email="a@example.org", first_name="Ana")
    upsert(odp, phone="+3311", city="Lyon")
    upsert(odp, email="a@example.org", phone="+3311")
    assert customer_of(odp, "email", "a@example.org") == customer_of(odp, "phone", "+3311")
    assert len(odp.customers().customers) == 1


def test_a_low_identifier_moves_to_the_customer_that_was_meant(odp: MemoryOdp) -> None:
    upsert(odp, email="a@example.org", vuid="v1")
    upsert(odp, email="b@example.org", vuid="v1")
    assert customer_of(odp, "vuid", "v1") == customer_of(odp, "email", "b@example.org")
    assert len(odp.customers().customers) == 2


def test_an_anonymous_customer_is_adopted_by_its_first_address(odp: MemoryOdp) -> None:
    upsert(odp, vuid="v1", city="Lyon")
    upsert(odp, email="a@example.org", vuid="v1")
    found = odp.customer("email", "a@example.org")
    assert found is not None
    assert found.attributes["city"] == "Lyon"


def test_a_row_without_identifier_is_refused_and_nothing_is_written(odp: MemoryOdp) -> None:
    with pytest.raises(RecordInvalid, match="at least one identifier"):
        odp.upsert_customers(
            [{"attributes": {"email": "a@example.org"}}, {"attributes": {"city": "Lyon"}}]
        )
    assert odp.customers().customers == ()


def test_walking_meets_every_customer_once(odp: MemoryOdp) -> None:
    odp.upsert_customers([{"attributes": {"email": f"{n}@example.org"}} for n in range(25)])
    met: list[str] = []
    after: str | None = None
    while True:
        page = odp.customers(after=after, limit=10)
        met += [customer.customer_id for customer in page.customers]
        after = page.after
        if after is None:
            break
    assert len(met) == len(set(met)) == 25


def test_an_event_with_a_known_idempotence_id_is_not_appended(odp: MemoryOdp) -> None:
    event = {
        "type": "order",
        "action": "purchase",
        "identifiers": {"email": "a@example.org"},
        "data": {"idempotence_id": "1"},
    }
    assert odp.send_events([event, event]) == 1
    assert odp.send_events([event]) == 0
    assert len(odp.events) == 1


def test_an_event_makes_its_customer_known(odp: MemoryOdp) -> None:
    odp.send_events([{"type": "visit", "identifiers": {"email": "a@example.org"}}])
    assert odp.customer("email", "a@example.org") is not None


def test_object_rows_merge_by_primary_key(odp: MemoryOdp) -> None:
    odp.upsert_objects("test_app_results", [{"result_id": "2"}, {"result_id": "1", "a": 1}])
    odp.upsert_objects("test_app_results", [{"result_id": "1", "b": 2}])
    assert odp.objects("test_app_results") == [
        {"result_id": "1", "a": 1, "b": 2},
        {"result_id": "2"},
    ]


def test_an_undeclared_object_is_not_found(odp: MemoryOdp) -> None:
    with pytest.raises(NotFound, match="no object nothing"):
        odp.objects("nothing")
