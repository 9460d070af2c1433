from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.odp_embedded import EmbeddedOdp
from mooring.errors import ConfigurationInvalid, Conflict, HomeUnusable, RecordInvalid
from mooring.model.schema import SchemaField, SchemaIdentifier, SchemaObject
from mooring.testing.clock import FakeClock
from mooring.testing.odp_contract import RESULTS, OdpContract, attributes_of, id_of, upsert


def field(name: str, type_: Any = "string", *, primary: bool = False) -> SchemaField:
    return SchemaField(name, type_, f"Test {name}", "For the test.", primary)


RESULTS_OBJECT = SchemaObject(
    RESULTS, fields=(field("result_id", primary=True), field("note"), field("lift", "number"))
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "odp" / "local.sqlite"


@pytest.fixture
def odp(path: Path, clock: FakeClock) -> Iterator[EmbeddedOdp]:
    store = EmbeddedOdp.open(path, clock=clock)
    store.apply_schema([RESULTS_OBJECT])
    yield store
    store.close()


@pytest.fixture
def stored_events(odp: EmbeddedOdp) -> Callable[[], list[Any]]:
    return lambda: odp.query("SELECT * FROM events")[1]


class TestEmbeddedOdp(OdpContract):
    """It does what every ODP does."""


def test_what_is_stored_is_there_after_opening_again(
    odp: EmbeddedOdp, path: Path, clock: FakeClock
) -> None:
    upsert(odp, email="a@example.org", city="Lyon")
    again = EmbeddedOdp.open(path, clock=clock)
    assert attributes_of(again, "email", "a@example.org")["city"] == "Lyon"
    again.close()


def test_its_file_is_private(odp: EmbeddedOdp, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_of_a_newer_version_is_refused(
    odp: EmbeddedOdp, path: Path, clock: FakeClock
) -> None:
    with odp._database.write() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationInvalid, match="version 99"):
        EmbeddedOdp.open(path, clock=clock)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="cannot be used"):
        EmbeddedOdp.open(tmp_path / "file" / "odp.sqlite", clock=clock)


def test_a_merged_customer_keeps_the_events_of_both(odp: EmbeddedOdp) -> None:
    for identifiers in ({"email": "a@example.org"}, {"phone": "+3311"}):
        odp.send_events([{"type": "visit", "identifiers": identifiers}])
    upsert(odp, email="a@example.org", phone="+3311")
    owner = id_of(odp, "email", "a@example.org")
    assert odp.query("SELECT zaius_id FROM events")[1] == [(owner,), (owner,)]


def test_an_event_of_customers_that_merge_later_in_the_call_has_its_owner(
    odp: EmbeddedOdp,
) -> None:
    email, phone = {"email": "a@example.org"}, {"phone": "+3311"}
    sent = [{"type": "visit", "identifiers": one} for one in (email, phone, {**email, **phone})]
    odp.send_events(sent)
    owner = id_of(odp, "phone", "+3311")
    assert odp.query("SELECT DISTINCT zaius_id FROM events")[1] == [(owner,)]


def test_a_bad_row_is_named_by_its_place(odp: EmbeddedOdp) -> None:
    rows: list[dict[str, Any]] = [{"attributes": {"email": "a@example.org"}}, {"attributes": {}}]
    with pytest.raises(RecordInvalid) as refused:
        odp.upsert_customers(rows)
    assert refused.value.where == "customer 1"


def test_a_place_to_continue_that_no_page_gave_is_refused(odp: EmbeddedOdp) -> None:
    with pytest.raises(RecordInvalid, match="no place to continue"):
        odp.customers(after="yesterday")


# -- schema ------------------------------------------------------------------------------------


def test_a_schema_grows(odp: EmbeddedOdp) -> None:
    odp.apply_schema([SchemaObject(RESULTS, fields=(field("winner", "boolean"),))])
    odp.upsert_objects(RESULTS, [{"result_id": "1", "note": "old", "winner": True}])
    assert odp.objects(RESULTS) == [{"result_id": "1", "note": "old", "winner": True}]


def test_a_schema_can_be_applied_again(odp: EmbeddedOdp) -> None:
    odp.apply_schema([RESULTS_OBJECT])
    odp.upsert_objects(RESULTS, [{"result_id": "1"}])
    assert odp.objects(RESULTS) == [{"result_id": "1"}]


def test_a_field_cannot_change_its_type_and_nothing_of_that_schema_is_kept(
    odp: EmbeddedOdp,
) -> None:
    other = SchemaObject("test_app_other", fields=(field("id", primary=True),))
    with pytest.raises(Conflict, match="note is a string already and cannot become number"):
        odp.apply_schema([other, SchemaObject(RESULTS, fields=(field("note", "number"),))])
    assert "test_app_other" not in str(odp.query("SELECT name FROM declared_object")[1])


def test_a_primary_key_cannot_change(odp: EmbeddedOdp) -> None:
    with pytest.raises(Conflict, match="its primary key cannot become note"):
        odp.apply_schema([SchemaObject(RESULTS, fields=(field("note", primary=True),))])


def test_an_identifier_of_an_app_recognises_customers(odp: EmbeddedOdp) -> None:
    identifier = SchemaIdentifier("shop_user_id", "Shop User ID", "high")
    odp.apply_schema([SchemaObject("customers", identifiers=(identifier,))])
    upsert(odp, shop_user_id="7", email="a@example.org")
    upsert(odp, shop_user_id="7", city="Lyon")
    assert attributes_of(odp, "email", "a@example.org")["city"] == "Lyon"


def test_a_field_that_no_schema_has_is_refused(odp: EmbeddedOdp) -> None:
    with pytest.raises(RecordInvalid, match="Unknown field colour"):
        odp.upsert_objects(RESULTS, [{"result_id": "1", "colour": "red"}])


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        ("string", 7, "7"),
        ("number", "1.5", 1.5),
        ("number", "12", 12),
        ("boolean", "true", True),
        ("boolean", 0, False),
        ("timestamp", "2026-01-01T00:00:00Z", 1767225600),
        ("timestamp", 1767225600000, 1767225600),
        ("timestamp", 1767225600, 1767225600),
    ],
)
def test_a_value_takes_the_type_of_its_field(
    odp: EmbeddedOdp, type_: str, given: Any, kept: Any
) -> None:
    odp.apply_schema([SchemaObject(RESULTS, fields=(field("value", type_),))])
    odp.upsert_objects(RESULTS, [{"result_id": "1", "value": given}])
    stored = odp.objects(RESULTS)[0]["value"]
    assert (stored, type(stored)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("type_", "given"),
    [
        ("number", "many"),
        ("number", [1]),
        ("boolean", "maybe"),
        ("boolean", [True]),
        ("string", {"a": 1}),
        ("timestamp", "soon"),
        ("timestamp", True),
        ("string", "x" * 2000),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(
    odp: EmbeddedOdp, type_: str, given: Any
) -> None:
    odp.apply_schema([SchemaObject(RESULTS, fields=(field("value", type_),))])
    with pytest.raises(RecordInvalid, match="does not fit"):
        odp.upsert_objects(RESULTS, [{"result_id": "1", "value": given}])


def test_the_time_of_an_event_is_its_own_or_now(odp: EmbeddedOdp, clock: FakeClock) -> None:
    who = {"identifiers": {"email": "a@example.org"}}
    odp.send_events([{"type": "a", "data": {"ts": 1767225600}, **who}, {"type": "b", **who}])
    now = clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    rows = odp.query("SELECT event_type, ts FROM events ORDER BY event_id")[1]
    assert rows == [("a", "2026-01-01T00:00:00.000000Z"), ("b", now)]


@pytest.mark.parametrize("ts", ["soon", 1e30, True, [1]])
def test_an_event_out_of_time_is_refused(odp: EmbeddedOdp, ts: Any) -> None:
    event = {"type": "a", "data": {"ts": ts}, "identifiers": {"email": "a@example.org"}}
    with pytest.raises(RecordInvalid):
        odp.send_events([event])


# -- many at once ------------------------------------------------------------------------------


def test_threads_that_meet_the_same_customer_make_one(odp: EmbeddedOdp) -> None:
    def work(number: int) -> None:
        upsert(odp, email="a@example.org", **{f"field_{number}": number})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(odp.customers().customers) == 1
    assert len(attributes_of(odp, "email", "a@example.org")) == 41


def test_processes_that_meet_the_same_customers_make_each_once(
    odp: EmbeddedOdp, path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from mooring.adapters.clock import SystemClock\n"
        "from mooring.adapters.odp_embedded import EmbeddedOdp\n"
        "odp = EmbeddedOdp.open(Path(sys.argv[1]), clock=SystemClock())\n"
        "for n in range(20):\n"
        "    mail = f'{n}@example.org'\n"
        "    odp.upsert_customers([{'attributes': {'email': mail, sys.argv[2]: n}}])\n"
        "    odp.send_events([{'type': 'visit', 'identifiers': {'email': mail},\n"
        "                      'data': {'idempotence_id': str(n)}}])\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    started = [subprocess.Popen([*command, name]) for name in ("one", "two", "three")]
    assert [process.wait(30) for process in started] == [0, 0, 0]
    found = odp.query("SELECT count(*), sum(one), sum(two), sum(three) FROM customers")[1]
    assert found == [(20, 190, 190, 190)]
    assert odp.query("SELECT count(*) FROM events")[1] == [(20,)]


def test_two_thousand_customers_are_merged_within_seconds(odp: EmbeddedOdp) -> None:
    rows: list[dict[str, Any]] = [
        {"attributes": {"email": f"{n}@example.org", "first_name": "Ana", "n": n}}
        for n in range(2000)
    ]
    started = time.perf_counter()
    odp.upsert_customers(rows)
    first = time.perf_counter()
    odp.upsert_customers(rows)
    assert first - started < 10
    assert time.perf_counter() - first < 10
