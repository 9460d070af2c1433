"""The figures and their token through the command line."""

from __future__ import annotations

from tests.conftest import Program


def test_figures_are_printed_and_the_token_stays_until_it_is_renewed(cli: Program) -> None:
    assert "mooring_schedule_overdue_seconds 0.0" in cli.ok("metrics").out
    token = cli.ok("metrics", "token").out
    assert len(token) > 40
    assert cli.ok("metrics", "token", "--json").json == {"token": token.strip()}
    assert cli.ok("metrics", "token", "--renew").out != token


def test_json_has_names_labels_and_values(cli: Program) -> None:
    families = {family["name"]: family for family in cli.ok("metrics", "--json").json}
    overdue = families["mooring_schedule_overdue_seconds"]
    assert overdue["type"] == "gauge"
    assert overdue["samples"] == [
        {"name": "mooring_schedule_overdue_seconds", "labels": {}, "value": 0.0}
    ]
    [host] = families["mooring"]["samples"]
    assert (host["name"], host["labels"].keys()) == ("mooring_info", {"version"})
