"""A run that applies a plan makes all of it and nothing else, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from mooring.errors import Conflict, NotFound, UsageError, WorldMoved
from mooring.hosting.host import Host
from mooring.loader import NAMESPACE, unmount
from mooring.model.config import HostConfig
from mooring.model.plan import Plan
from mooring.model.run import Run, RunStatus
from tests.conftest import Program
from tests.host.lifecycle.conftest import MASTER_KEY
from tests.host.planned_things import KEY, Deaf, Things, environment, write_app

APP = "greeter"


@pytest.fixture
def app(cli: Program, tmp_path: Path) -> Path:
    folder = tmp_path / APP
    cli.ok("init", str(folder))
    write_app(folder)
    return folder


@pytest.fixture
def things(httpserver: HTTPServer) -> Things:
    return Things(httpserver)


@pytest.fixture
def opening(tmp_path: Path, things: Things) -> Iterator[Callable[..., Host]]:
    """Open homes, each of a machine of its own."""
    opened: list[Host] = []

    def opening(name: str = "home", *, given: Mapping[str, str] | None = None, **more: Any) -> Host:
        told = {**environment(things), **(given or {})}
        config = HostConfig(home=tmp_path / name, secrets="encrypted", environment=told, **more)
        opened.append(Host.open(config))
        return opened[-1]

    yield opening
    for host in opened:
        host.close()
    unmount(NAMESPACE)


@pytest.fixture
def host(opening: Callable[..., Host], app: Path) -> Host:
    host = opening()
    host.lifecycle.install(app)
    return host


def planned(host: Host, parameters: Mapping[str, Any] | None = None) -> Plan:
    return host.plans.make(host.installation(APP), "tidy", parameters or {}, listener=Deaf())


def applied(host: Host, plan: Plan) -> Run:
    return host.plans.apply(host.installation(APP), "tidy", plan.plan_id, listener=Deaf())


def test_a_plan_keeps_nothing_and_is_made_the_same_again(host: Host, things: Things) -> None:
    first, second = planned(host), planned(host)
    assert (first.writes, first.reads) == (second.writes, second.reads)
    assert first.kept == {"kv_store": 1}
    assert things.written == []
    assert host.runs.recent() == []
    assert host.notifications.recent() == []


def test_what_was_planned_is_written_exactly_and_once(host: Host, things: Things) -> None:
    plan = planned(host, {"seen": 1})
    run = applied(host, plan)
    assert run.scheduled_at == plan.made_at
    ended = host.jobs.execute_until_final(run.run_id)
    assert (ended.status, ended.error, ended.state["seen"]) == (RunStatus.COMPLETE, None, 1)
    assert things.written == [
        ("POST", "/lists", {"name": "ours"}),
        ("PUT", "/lists/17/things/ben@example.com", {"name": "ben", "key": KEY}),
        ("PUT", "/lists/17/things/anna@example.com", {"name": "anna", "key": KEY}),
    ]
    with pytest.raises(Conflict, match=f"was applied before, by the run {run.run_id}"):
        applied(host, plan)


def test_a_run_applies_no_plan_that_it_was_not_begun_for(host: Host, things: Things) -> None:
    plan = planned(host)
    with pytest.raises(UsageError, match="mooring_plan is the host's own"):
        host.jobs.trigger(host.installation(APP), "tidy", {"mooring_plan": plan.plan_id})
    own = {"mooring_plan": plan.plan_id}
    for _ in range(2):
        run = host.jobs.trigger(host.installation(APP), "tidy", {}, reserved=own)
        ended = host.jobs.execute_until_final(run.run_id)
        assert ended.status is RunStatus.ERROR
        assert "is not this run's to apply" in (ended.error or "")
    assert things.written == []
    applied(host, plan)


def test_a_service_that_answers_otherwise_has_moved(host: Host, things: Things) -> None:
    plan = planned(host)
    things.things = ["anna", "cleo"]
    with pytest.raises(WorldMoved, match=r"GET \S+/things is not what it was"):
        applied(host, plan)
    things.things = ["anna", "ben", "cleo"]
    with pytest.raises(WorldMoved, match="would be written 3 times, not 2"):
        applied(host, plan)
    assert things.written == []
    assert host.runs.recent() == []
    things.things = ["anna", "ben"]
    applied(host, plan)


def test_a_service_that_is_away_for_a_moment_is_waited_for(
    host: Host, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(host.clock, "sleep", waited.append)
    things.refuses = 1
    assert planned(host).total == 3
    assert waited == [7.0]


def test_another_environment_of_the_app_is_another_plan(
    opening: Callable[..., Host], app: Path, things: Things, postgresql_url: str
) -> None:
    shared: dict[str, Any] = {"database_url": postgresql_url, "master_key": MASTER_KEY}
    one = opening("one", **shared)
    one.lifecycle.install(app)
    plan = planned(one)
    run = applied(one, plan)
    two = opening("two", given={"APP_ENV_SHOP_KEY": "of-another-account"}, **shared)
    ended = two.jobs.execute(run.run_id, worker="two")
    assert ended.status is RunStatus.ERROR
    assert "the environment of the app changed since the plan was made" in (ended.error or "")
    with pytest.raises(WorldMoved, match="environment of the app is not what it was"):
        applied(two, planned(one))
    assert things.written == []


def test_another_connection_is_another_plan(host: Host, things: Things) -> None:
    def connect(at: str) -> None:
        services = host.invocation(host.installation(APP), entry_point="test").services
        services.secrets.put("oauth/shop", {"access_token": "a", "connected_at": at})

    connect("2026-11-25")
    plan = planned(host, {"connection": "shop"})
    assert "connection shop" in plan.reads
    run = applied(host, plan)
    connect("2026-11-26")
    ended = host.jobs.execute_until_final(run.run_id)
    assert "connection shop changed since the plan was made" in (ended.error or "")
    another = planned(host, {"connection": "shop"})
    connect("2026-11-27")
    with pytest.raises(WorldMoved, match="connection shop is not what it was"):
        applied(host, another)
    assert things.written == []


def test_who_is_meant_is_said_on_the_terminal_and_not_in_the_log(host: Host) -> None:
    plan = planned(host)
    kept = replace(plan, reads={**plan.reads, "GET api.example.org/contacts/jane@x.com": "1"})
    host.plans.kept(plan.install_id).put(kept)
    with pytest.raises(WorldMoved, match=r"contacts/jane@x\.com is not read any more"):
        applied(host, plan)
    log = (host.home.path / "logs/mooring.jsonl").read_text("utf-8")
    assert "api.example.org/contacts/{email} is not read any more" in log
    assert "jane" not in log


def test_records_that_changed_are_a_world_that_moved(host: Host) -> None:
    plan = planned(host)
    store = host.invocation(host.installation(APP), entry_point="test").services.kv_store
    store.put("list", {"note": 1})
    with pytest.raises(WorldMoved, match="kv_store list is not what it was"):
        applied(host, plan)


def test_a_run_that_would_write_something_else_is_stopped_in_time(
    host: Host, things: Things
) -> None:
    run = applied(host, planned(host))
    things.things = ["anna", "cleo"]
    ended = host.jobs.execute_until_final(run.run_id)
    assert ended.status is RunStatus.ERROR
    assert "things/{email} is not in the plan, and was not made; 1 write of 3" in (
        ended.error or ""
    )
    things.things = ["anna", "ben"]
    host.jobs.resume(run.run_id)
    again = host.jobs.execute_until_final(run.run_id)
    assert (again.status, again.error) == (RunStatus.ERROR, ended.error)
    assert things.written == [("POST", "/lists", {"name": "ours"})]


def test_a_run_that_ends_without_all_of_its_plan_is_in_error(host: Host, things: Things) -> None:
    run = applied(host, planned(host))
    things.things = ["anna"]
    ended = host.jobs.execute_until_final(run.run_id)
    assert ended.status is RunStatus.ERROR
    assert "1 write of the plan not made" in (ended.error or "")


def test_another_version_of_the_app_has_other_plans(host: Host, app: Path) -> None:
    plan = planned(host)
    job = app / "src/jobs/tidy.py"
    job.write_text(job.read_text("utf-8") + "\n# another version\n", "utf-8")
    host.lifecycle.upgrade(app)
    with pytest.raises(WorldMoved, match="The app has been upgraded since"):
        applied(host, plan)


def test_a_plan_is_of_one_job(host: Host) -> None:
    plan = planned(host)
    with pytest.raises(UsageError, match=f"is of {APP} tidy"):
        host.plans.apply(host.installation(APP), "other", plan.plan_id, listener=Deaf())
    with pytest.raises(NotFound, match=r"has no job other\. It has: tidy"):
        host.plans.make(host.installation(APP), "other", {}, listener=Deaf())


def test_a_plan_that_is_gone_ends_its_run_in_words(
    host: Host, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = applied(host, planned(host))
    later = host.clock.now() + timedelta(days=31)
    monkeypatch.setattr(host.clock, "now", lambda: later)
    ended = host.jobs.execute_until_final(run.run_id)
    assert ended.status is RunStatus.ERROR
    assert "There is no plan" in (ended.error or "")
    assert things.written == []


@pytest.mark.parametrize("purge", [True, False])
def test_plans_go_with_their_installation(host: Host, purge: bool) -> None:
    plan = planned(host)
    host.lifecycle.uninstall(host.installation(APP), purge=purge)
    with pytest.raises(NotFound):
        host.plans.kept(plan.install_id).get(plan.plan_id)


def test_another_machine_goes_on_where_one_was_lost(
    opening: Callable[..., Host], app: Path, things: Things, postgresql_url: str
) -> None:
    shared: dict[str, Any] = {"database_url": postgresql_url, "master_key": MASTER_KEY}
    one = opening("one", **shared)
    one.lifecycle.install(app)
    run = applied(one, planned(one))
    left = one.jobs.execute(run.run_id, worker="one", stopping=lambda: bool(things.written))
    assert (left.status, left.steps) == (RunStatus.PENDING, 1)
    two = opening("two", **shared)
    ended = two.jobs.execute(run.run_id, worker="two")
    assert (ended.status, ended.error) == (RunStatus.COMPLETE, None)
    assert [path for _, path, _ in things.written] == [
        "/lists",
        "/lists/17/things/ben@example.com",
        "/lists/17/things/anna@example.com",
    ]
