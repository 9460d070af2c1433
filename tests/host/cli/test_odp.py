"""The embedded ODP through the command line."""

from __future__ import annotations

from tests.conftest import Program


def test_a_select_is_answered_and_anything_else_refused(cli: Program) -> None:
    assert cli.ok("odp", "query", "SELECT count(*) AS n FROM customers", "--json").json == [
        {"n": 0}
    ]
    refused = cli("odp", "query", "DELETE FROM customers")
    assert refused.status == 65
    assert "Traceback" not in refused.err


def test_an_unknown_view_is_answered_with_those_there_are(cli: Program) -> None:
    answer = cli("odp", "query", "SELECT * FROM persons")
    assert answer.status == 65
    assert "customers" in answer.err
