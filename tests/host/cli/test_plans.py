"""`jobs trigger --plan` shows what would be written, `--apply` writes that or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.conftest import Answer, Program
from tests.host.cli.conftest import APP

TIDY = '''"""Bring the things of the shop to the mailer."""

import os
from mooring.sdk import Job, JobStatus, environment, http, logger, notifications, storage


class Tidy(Job):
    """Puts each of the shop's things into a list that it makes."""

    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus({"made": None, "left": None, "seen": params.get("seen")})

    def perform(self, status):
        base, state = environment["APP_ENV_SHOP_URL"], dict(status.state)
        if state["made"] is None:
            state["left"] = http.get(f"{base}/things").raise_for_status().json()
            made = http.post(f"{base}/lists", json={"name": "ours"}, planned={"id": -1})
            state["made"] = made.raise_for_status().json()["id"]
            storage.kv_store.put("list", {"id": state["made"]})
            return JobStatus(state)
        self.sleep(0.01)
        name = state["left"].pop()
        key = environment["APP_ENV_SHOP_KEY"]
        http.put(
            f"{base}/lists/{storage.kv_store.get('list')['id']}/things/{name}@example.com",
            json={"name": name, "key": key},
            before={"name": "nobody"},
        )
        logger.info("tidy.put", thing=name)
        if not state["left"]:
            notifications.info("Tidy", "Everything is there", "All things were put.")
        return JobStatus(state, complete=not state["left"])
'''
KEY = "key-8812fa0c9d"
DECLARED = "environment:\n  - APP_ENV_SHOP_URL\n  - APP_ENV_SHOP_KEY\n"


class Shop:
    """A service on this machine: what it has, and what it was told."""

    def __init__(self, server: HTTPServer) -> None:
        self.things = ["anna", "ben"]
        self.lists = 16
        self.written: list[tuple[str, str, Any]] = []
        self.url = server.url_for("").rstrip("/")
        server.expect_request("/things").respond_with_handler(lambda _: _json(self.things))
        server.expect_request("/lists").respond_with_handler(self._create)
        for number in (17, 18):
            for name in ("anna", "ben", "cleo"):
                path = f"/lists/{number}/things/{name}@example.com"
                server.expect_request(path).respond_with_handler(self._put)

    def _create(self, request: Request) -> Response:
        self.lists += 1
        self.written.append((request.method, request.path, request.json))
        return _json({"id": self.lists})

    def _put(self, request: Request) -> Response:
        self.written.append((request.method, request.path, request.json))
        return Response(status=204)


def _json(said: Any) -> Response:
    return Response(json.dumps(said), content_type="application/json")


@pytest.fixture
def shop(httpserver: HTTPServer, app: Path, cli: Program) -> Shop:
    shop = Shop(httpserver)
    (app / "src/jobs/tidy.py").write_text(TIDY, "utf-8")
    manifest = app / "app.yml"
    manifest.write_text(f"{manifest.read_text('utf-8')}\n{DECLARED}", "utf-8")
    cli.environment |= {"APP_ENV_SHOP_URL": shop.url, "APP_ENV_SHOP_KEY": KEY}
    cli.ok("install", str(app))
    return shop


def plan_of(cli: Program, *more: str) -> dict[str, Any]:
    return dict(cli.ok("jobs", "trigger", APP, "tidy", "--plan", "--json", *more).json)


def apply(cli: Program, plan_id: str, *more: str) -> Answer:
    return cli("jobs", "trigger", APP, "tidy", "--apply", plan_id, "--json", *more)


def test_a_plan_shows_what_would_be_written_and_writes_nothing(cli: Program, shop: Shop) -> None:
    answer = cli.ok("jobs", "trigger", APP, "tidy", "--plan", "--parameters", '{"seen": 1}')
    assert shop.written == []
    said = [" ".join(line.split()) for line in answer.out.splitlines()]
    host = shop.url.removeprefix("http://")
    assert f"{host} POST /lists 1 1" in said
    assert f"{host} PUT /lists/{{id}}/things/{{email}} 2 2" in said
    assert f"PUT {host} /lists/-1/things/ben@example.com" in said
    assert 'name "nobody" → "ben"' in said
    assert "Records that the run itself would keep: 1 in kv_store." in said
    assert "info: Everything is there – All things were put." in said
    assert any(line.startswith(f"mooring jobs trigger {APP} tidy --apply ") for line in said)
    assert KEY not in answer.out
    assert cli.ok("jobs", "list", "--json").json == []
    assert cli.ok("notifications", "--json").json == []
    assert plan_of(cli)["kept"] == {"kv_store": 1}  # again: the former plan kept nothing


def test_the_lines_that_a_plan_logs_say_so(cli: Program, shop: Shop) -> None:
    plan = plan_of(cli)
    lines = cli.ok("logs", "--run", plan["plan_id"], "--json").out.splitlines()
    put = [line for line in map(json.loads, lines) if line["event"] == "tidy.put"]
    assert [line["plan"] for line in put] == [plan["plan_id"]] * 2


def test_json_has_the_whole_plan(cli: Program, shop: Shop) -> None:
    plan = plan_of(cli, "--parameters", '{"seen": 1}')
    assert (plan["job"], plan["parameters"], plan["steps"], plan["total"]) == (
        *("tidy", {"seen": 1}),
        *(3, 3),
    )
    assert [each["writes"] for each in plan["counts"]] == [1, 2]
    assert len(plan["samples"]) == 3
    assert f"GET {shop.url.removeprefix('http://')}/things" in plan["reads"]
    assert KEY not in json.dumps(plan)


def test_what_was_planned_is_written_exactly_and_once(cli: Program, shop: Shop) -> None:
    plan = plan_of(cli, "--parameters", '{"seen": 1}')
    answer = apply(cli, plan["plan_id"][:8], "--wait")
    assert answer.status == 0, answer.err
    assert answer.json["status"] == "COMPLETE"
    assert answer.json["state"]["seen"] == 1
    assert shop.written == [
        ("POST", "/lists", {"name": "ours"}),
        ("PUT", "/lists/17/things/ben@example.com", {"name": "ben", "key": KEY}),
        ("PUT", "/lists/17/things/anna@example.com", {"name": "anna", "key": KEY}),
    ]
    again = apply(cli, plan["plan_id"])
    assert again.status == 75
    assert f"was applied before, by the run {answer.json['run_id']}" in again.err
    assert len(shop.written) == 3


def test_a_world_that_has_moved_is_left_alone(cli: Program, shop: Shop) -> None:
    plan = plan_of(cli)
    shop.things = ["anna", "cleo"]
    answer = apply(cli, plan["plan_id"], "--wait")
    assert answer.status == 75
    error = json.loads(answer.err)["error"]
    assert error["code"] == "plan.world_moved"
    assert "Nothing was written" in error["message"]
    assert "/things is not what it was" in error["message"]
    assert "--plan" in error["hint"]
    assert shop.written == []
    assert cli.ok("jobs", "list", "--json").json == []


def test_a_run_that_would_write_something_else_is_stopped_in_time(cli: Program, shop: Shop) -> None:
    plan = plan_of(cli)
    # Without --wait nothing executes it, so that the world can move between promise and deed.
    run = apply(cli, plan["plan_id"]).json
    assert run["status"] == "PENDING"
    shop.things = ["anna", "cleo"]
    other = cli.ok("jobs", "trigger", APP, "tidy", "--plan", "--json").json
    assert other["total"] == 3
    with cli.serve():
        ended = _ended(cli, run["run_id"])
    assert ended["status"] == "ERROR"
    assert (
        "things/cleo@example.com is not in the plan, and was not made; 1 write of 3"
        in (ended["error"])
    )
    assert shop.written == [("POST", "/lists", {"name": "ours"})]


def test_a_run_that_ends_without_all_of_its_plan_is_in_error(cli: Program, shop: Shop) -> None:
    plan = plan_of(cli)
    run = apply(cli, plan["plan_id"]).json
    shop.things = ["anna"]
    with cli.serve():
        ended = _ended(cli, run["run_id"])
    assert ended["status"] == "ERROR"
    assert "1 write of the plan not made" in ended["error"]


def _ended(cli: Program, run_id: str) -> dict[str, Any]:
    """Wait for the run's end: every look is a process, which takes its time."""
    for _ in range(120):
        run = cli.ok("jobs", "show", run_id, "--json").json
        if run["status"] in ("COMPLETE", "ERROR"):
            return dict(run)
    raise AssertionError(f"{run_id} did not end: {run}")


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--plan", "--apply", "abcd"), 2, "Give --plan first"),
        (("--apply", "abcd", "--parameters", '{"n": 1}'), 2, "A plan has its own parameters"),
        (("--apply", "abcd"), 66, "There is no plan abcd"),
    ],
)
def test_options_that_say_two_things_are_refused(
    options: tuple[str, ...], status: int, said: str, installed: Program
) -> None:
    answer = installed("jobs", "trigger", APP, "tidy", *options)
    assert answer.status == status
    assert said in answer.err


def test_a_job_that_is_not_there_has_no_plan(installed: Program) -> None:
    answer = installed("jobs", "trigger", APP, "tidi", "--plan")
    assert answer.status == 66
    assert "has no job tidi. It has: tidy." in answer.err


def test_a_job_that_would_write_nothing_says_so(installed: Program) -> None:
    answer = installed.ok("jobs", "trigger", APP, "tidy", "--plan", "--wait")
    assert "No writes." in answer.out
    assert "the job would write nothing" in answer.out


def test_a_job_that_breaks_down_ends_the_command_without_a_traceback(
    cli: Program, app: Path
) -> None:
    broken = '"""Break."""\n\nfrom mooring.sdk import Job\n\n\nclass Tidy(Job):\n    """Break."""\n'
    body = "\n    def prepare(self, params, status=None, resuming=False):\n        return 1 / 0\n"
    rest = "\n    def perform(self, status):\n        return status\n"
    (app / "src/jobs/tidy.py").write_text(broken + body + rest, "utf-8")
    cli.ok("install", str(app))
    answer = cli("jobs", "trigger", APP, "tidy", "--plan")
    assert answer.status == 1
    assert "tidy broke down while its writes were collected: ZeroDivisionError" in answer.err
    assert "Traceback" not in answer.err
