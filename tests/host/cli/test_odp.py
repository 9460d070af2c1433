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


def test_keys_are_the_account_and_a_secret_that_stays_the_same(cli: Program) -> None:
    keys = cli.ok("odp", "keys", "--json", MOORING_PUBLIC_URL="https://hooks.example.com").json
    assert set(keys) == {"public", "private", "base_url"}
    assert keys["public"] == "local"
    assert keys["base_url"] == "https://hooks.example.com/odp/v3"
    assert len(keys["private"]) > 40
    assert cli.ok("odp", "keys", "--json").json["private"] == keys["private"]
    other = cli.ok("odp", "keys", "--account", "acme", "--json").json
    assert other["public"] == "acme"
    assert other["private"] != keys["private"]
