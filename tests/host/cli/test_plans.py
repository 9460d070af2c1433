"""`jobs trigger --plan` shows what would be written, `--apply` writes that or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from mooring.cli.plans import check_options
from mooring.errors import UsageError
from tests.conftest import Answer, Program
from tests.host.cli.conftest import APP
from tests.host.planned_things import KEY, Things, environment, write_app


@pytest.fixture
def things(httpserver: HTTPServer, app: Path, cli: Program) -> Things:
    """Give the service that an installed app writes to."""
    things = Things(httpserver)
    write_app(app)
    cli.environment |= environment(things)
    cli.ok("install", str(app))
    return things


def plan_of(cli: Program, *more: str) -> dict[str, Any]:
    return dict(cli.ok("jobs", "trigger", APP, "tidy", "--plan", "--json", *more).json)


def apply(cli: Program, plan_id: str, *more: str) -> Answer:
    return cli("jobs", "trigger", APP, "tidy", "--apply", plan_id, "--json", *more)


def test_a_plan_shows_what_would_be_written_and_writes_nothing(
    cli: Program, things: Things
) -> None:
    answer = cli.ok("jobs", "trigger", APP, "tidy", "--plan", "--parameters", '{"seen": 1}')
    said = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert f"{things.host} POST /lists 1 1" in said
    assert f"{things.host} PUT /lists/{{id}}/things/{{email}} 2 2" in said
    assert f"PUT {things.host} /lists/-1/things/ben@example.com" in said
    assert 'name "nobody" → "ben"' in said
    assert "Records that the run itself would keep: 1 in kv_store." in said
    assert "info: Everything is there – All things were put." in said
    assert any(line.startswith(f"mooring jobs trigger {APP} tidy --apply ") for line in said)
    assert KEY not in answer.out
    assert things.written == []
    assert cli.ok("jobs", "list", "--json").json == []
    assert cli.ok("notifications", "--json").json == []


def test_json_has_the_whole_plan_and_the_log_names_it(cli: Program, things: Things) -> None:
    plan = plan_of(cli, "--parameters", '{"seen": 1}')
    assert (plan["job"], plan["parameters"], plan["steps"], plan["total"]) == (
        *("tidy", {"seen": 1}),
        *(3, 3),
    )
    assert [each["writes"] for each in plan["counts"]] == [1, 2]
    assert len(plan["samples"]) == 3
    assert f"GET {things.host}/things" in plan["reads"]
    assert KEY not in json.dumps(plan)
    lines = cli.ok("logs", "--run", plan["plan_id"], "--json").out.splitlines()
    put = [line for line in map(json.loads, lines) if line["event"] == "tidy.put"]
    assert [line["plan"] for line in put] == [plan["plan_id"]] * 2


def test_what_was_planned_is_written_and_otherwise_nothing(cli: Program, things: Things) -> None:
    plan, other = plan_of(cli), plan_of(cli)
    answer = apply(cli, plan["plan_id"][:8], "--wait")
    assert answer.status == 0, answer.err
    assert answer.json["status"] == "COMPLETE"
    assert len(things.written) == plan["total"] == 3
    moved = apply(cli, other["plan_id"], "--wait")
    assert moved.status == 75
    error = json.loads(moved.err)["error"]
    assert error["code"] == "plan.world_moved"
    assert "Nothing was written" in error["message"]
    assert "--plan" in error["hint"]
    assert len(things.written) == 3
    assert len(cli.ok("jobs", "list", "--json").json) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"plan": True, "apply": "abcd", "parameters": "{}"}, "Give --plan first"),
        ({"plan": False, "apply": "abcd", "parameters": "[]"}, "A plan has its own parameters"),
    ],
)
def test_options_that_say_two_things_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_options(**options)


def test_a_job_that_would_write_nothing_says_so(installed: Program) -> None:
    answer = installed.ok("jobs", "trigger", APP, "tidy", "--plan", "--wait")
    assert "No writes." in answer.out
    assert "the job would write nothing" in answer.out
