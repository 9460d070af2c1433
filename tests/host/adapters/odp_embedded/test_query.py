from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.adapters.odp_embedded import EmbeddedOdp, query
from mooring.errors import RequestInvalid
from mooring.testing.clock import FakeClock
from mooring.testing.odp_contract import upsert


@pytest.fixture
def odp(tmp_path: Path, clock: FakeClock) -> Iterator[EmbeddedOdp]:
    store = EmbeddedOdp.open(tmp_path / "odp.sqlite", clock=clock)
    upsert(store, email="a@example.org", city="Lyon")
    yield store
    store.close()


def test_a_question_gives_columns_and_rows(odp: EmbeddedOdp) -> None:
    answer = odp.query("SELECT email, city FROM customers")
    assert answer == (("email", "city"), [("a@example.org", "Lyon")])


def test_a_name_becomes_a_column_once_it_is_used(odp: EmbeddedOdp) -> None:
    who = {"identifiers": {"email": "a@example.org"}}
    odp.send_events([{"type": "visit", "data": {"page": "/", "ts": 1767225600}, **who}])
    assert odp.query("SELECT page, data_ts FROM events")[1] == [("/", 1767225600)]


def test_names_that_differ_in_case_alone_do_not_collide(odp: EmbeddedOdp) -> None:
    upsert(odp, email="a@example.org", Zaius_ID="mine", CITY="Paris")
    columns, rows = odp.query("SELECT * FROM customers")
    assert dict(zip(columns, rows[0], strict=True))["data_Zaius_ID"] == "mine"
    assert len({column.lower() for column in columns}) == len(columns)


@pytest.mark.parametrize("name", ['quo"te', "quo'te", "semi;colon", "a b", "dotted.name", "naïve"])
def test_strange_names_break_no_view(odp: EmbeddedOdp, name: str) -> None:
    upsert(odp, email="a@example.org", **{name: 1})
    assert odp.query("SELECT count(*) FROM customers")[1] == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM customer",
        "UPDATE main.customer SET zaius_id = 'x'",
        "INSERT INTO main.customer (zaius_id) VALUES ('x')",
        "DROP TABLE main.customer",
        "CREATE TABLE t (a)",
        "CREATE TEMP TABLE t (a)",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 9",
        "ATTACH DATABASE '/tmp/other.sqlite' AS other",
        "VACUUM INTO '/tmp/copy.sqlite'",
        "BEGIN IMMEDIATE",
        "SELECT load_extension('x')",
        "WITH gone AS (SELECT 1) DELETE FROM main.customer",
    ],
)
def test_only_reading_is_allowed(odp: EmbeddedOdp, statement: str) -> None:
    with pytest.raises(RequestInvalid):
        odp.query(statement)
    assert odp.query("SELECT email FROM customers")[1] == [("a@example.org",)]


def test_a_second_statement_is_refused(odp: EmbeddedOdp) -> None:
    with pytest.raises(RequestInvalid, match="one statement"):
        odp.query("SELECT 1; DROP TABLE customer")


def test_a_question_that_means_nothing_names_what_there_is(odp: EmbeddedOdp) -> None:
    with pytest.raises(RequestInvalid, match="no such table: nobody") as refused:
        odp.query("SELECT * FROM nobody")
    assert "customers, events" in refused.value.hint


@pytest.mark.parametrize("statement", ["", "-- nothing", "SELECT 'a\x00b'"])
def test_what_is_no_question_is_said(odp: EmbeddedOdp, statement: str) -> None:
    with pytest.raises(RequestInvalid):
        odp.query(statement)


def test_a_question_without_end_is_stopped(odp: EmbeddedOdp) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(RequestInvalid, match=r"longer than 0\.2 seconds"):
        odp.query(endless, seconds=0.2)


def test_an_answer_without_end_is_refused(
    odp: EmbeddedOdp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "MOST_ROWS", 10)
    upsert(odp, email="b@example.org")
    monkeypatch.setattr(query, "MOST_ROWS", 2)
    with pytest.raises(RequestInvalid, match="more than 2 rows"):
        odp.query("SELECT 1 FROM customers a, customers b")
    assert len(odp.query("SELECT 1 FROM customers")[1]) == 2


def test_a_value_too_large_is_refused(odp: EmbeddedOdp) -> None:
    with pytest.raises(RequestInvalid, match="too big"):
        odp.query("SELECT zeroblob(1000000000)")
