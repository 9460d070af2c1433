"""A run that applies a plan makes what is planned, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.engine.plans.applying_services import AppliedHttp, AppliedJobs, AppliedOdp, Guard
from mooring.engine.plans.collecting import Collector
from mooring.engine.plans.collecting_services import PlannedHttp, PlannedJobs, PlannedOdp
from mooring.errors import DatabaseAway, NotPlanned, ServiceUnavailable
from mooring.model.plan import Plan
from mooring.sdk.ports import HttpPort, HttpRequest, JobsPort, OdpPort
from mooring.testing.memory import MemoryApp
from tests.host.engine.plans.made import Made

LISTS = "https://api.example.org/lists"
JSON = {"content-type": "application/json"}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def post(url: str, said: Any, **more: Any) -> HttpRequest:
    return HttpRequest("POST", url, headers=JSON, body=json.dumps(said).encode(), **more)


def creates_and_fills(http: HttpPort) -> int:
    """Create a list, and put somebody into it under the id that it was given."""
    made = http.send(post(LISTS, {"name": "ours"}, planned={"id": -1})).json()
    http.send(post(f"{LISTS}/{made['id']}/add", {"list": made["id"], "email": "a@example.com"}))
    return int(made["id"])


class World:
    """A plan of what a function does, and the guard over what it does for real."""

    def __init__(self, app: MemoryApp) -> None:
        self.app = app
        self.collector = Collector("the-plan")
        self.made = Made()

    @property
    def planned_http(self) -> HttpPort:
        return PlannedHttp(self.app.http, self.collector, check=lambda _: None)

    @property
    def planned_odp(self) -> OdpPort:
        return PlannedOdp(self.app.odp, self.collector)

    @property
    def planned_jobs(self) -> JobsPort:
        return PlannedJobs(
            self.app.jobs, self.collector, check=lambda *_: None, reckon=lambda *_: NOON
        )

    @property
    def plan(self) -> Plan:
        """The plan as it is kept: as JSON."""
        made = Plan(
            *("the-plan", "shop", "1.0.0", "1.0.0-abc", "local", 1, "sync"),
            parameters={},
            made_at=NOON,
            expires_at=NOON,
            counts=self.collector.counts,
            writes=self.collector.writes,
            linked=self.collector.linked,
        )
        return Plan.from_json(json.loads(json.dumps(made.to_json())))

    def guard(self) -> Guard:
        return Guard(self.plan, run_id="the-run", made=self.made)


@pytest.fixture
def world(memory_app: MemoryApp) -> World:
    memory_app.http.answer("POST", LISTS, json={"id": 17}, headers=JSON)
    memory_app.http.answer("POST", f"{LISTS}/17/add", json={}, headers=JSON)
    memory_app.http.answer("POST", f"{LISTS}/18/add", json={}, headers=JSON)
    return World(memory_app)


def test_what_was_planned_is_made_with_the_ids_that_the_service_gives(world: World) -> None:
    assert creates_and_fills(world.planned_http) == -1
    guard = world.guard()
    assert creates_and_fills(AppliedHttp(world.app.http, guard)) == 17
    guard.check_all_made()
    said = [json.loads(request.body) for request in world.app.http.requests]
    assert said == [{"name": "ours"}, {"list": 17, "email": "a@example.com"}]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"{LISTS}/18/add", {"list": 17, "email": "a@example.com"}),
        (f"{LISTS}/17/add", {"list": 18, "email": "a@example.com"}),
        (f"{LISTS}/17/add", {"list": 17, "email": "b@example.com"}),
        (f"{LISTS}/17/add", {"list": 17, "email": "a@example.com", "more": 1}),
        (f"{LISTS}/17/add", {"email": "a@example.com"}),
        (f"{LISTS}/-1/add", {"list": 18, "email": "a@example.com"}),
    ],
)
def test_what_says_something_else_is_not_made(world: World, url: str, said: Any) -> None:
    creates_and_fills(world.planned_http)
    http = AppliedHttp(world.app.http, world.guard())
    http.send(post(LISTS, {"name": "ours"}))
    with pytest.raises(NotPlanned, match=r"is not in the plan, .*1 write of 2 was made before"):
        http.send(post(url, said))
    assert len(world.app.http.requests) == 1


def test_an_id_that_is_not_known_yet_matches_nothing(world: World) -> None:
    creates_and_fills(world.planned_http)
    http = AppliedHttp(world.app.http, world.guard())
    with pytest.raises(NotPlanned, match="0 writes of 2 were made before"):
        http.send(post(f"{LISTS}/17/add", {"list": 17, "email": "a@example.com"}))


def test_the_run_stands_for_the_plan_where_a_write_names_it(world: World) -> None:
    world.planned_http.send(post(LISTS, {"by": "the-plan"}))
    guard = world.guard()
    AppliedHttp(world.app.http, guard).send(post(LISTS, {"by": "the-run"}))
    guard.check_all_made()


def test_a_write_is_made_as_often_as_it_is_planned(world: World) -> None:
    world.planned_http.send(post(LISTS, {"name": "ours"}))
    http = AppliedHttp(world.app.http, world.guard())
    http.send(post(LISTS, {"name": "ours"}))
    with pytest.raises(NotPlanned, match="is not in the plan so often"):
        http.send(post(LISTS, {"name": "ours"}))


def test_after_one_refusal_nothing_more_is_written_and_the_run_is_not_complete(
    world: World,
) -> None:
    creates_and_fills(world.planned_http)
    guard = world.guard()
    http = AppliedHttp(world.app.http, guard)
    for said in ({"name": "theirs"}, {"name": "ours"}):
        with pytest.raises(NotPlanned, match="/lists is not in the plan"):
            http.send(post(LISTS, said))
    with pytest.raises(NotPlanned, match="is not in the plan"):
        guard.check_all_made()
    assert world.app.http.requests == []


def test_nobody_goes_on_after_a_refusal_wherever_the_run_does(world: World) -> None:
    creates_and_fills(world.planned_http)
    with pytest.raises(NotPlanned):
        AppliedHttp(world.app.http, world.guard()).send(post(LISTS, {"name": "theirs"}))
    after = world.guard()
    with pytest.raises(NotPlanned, match=r"/lists is not in the plan, .*0 writes of 2 were made"):
        AppliedHttp(world.app.http, after).send(post(LISTS, {"name": "ours"}))
    with pytest.raises(NotPlanned, match="is not in the plan"):
        after.check_nothing_refused()
    assert world.app.http.requests == []


def test_a_refusal_that_could_not_be_noted_is_noted_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(reason: str) -> None:
        raise DatabaseAway("The database does not answer.")

    creates_and_fills(world.planned_http)
    guard = world.guard()
    http = AppliedHttp(world.app.http, guard)
    with monkeypatch.context() as patched:
        patched.setattr(world.made, "refuse", away)
        for said in ({"name": "theirs"}, {"name": "ours"}):
            with pytest.raises(DatabaseAway):
                http.send(post(LISTS, said))
    assert world.made.refused() is None
    with pytest.raises(NotPlanned):
        guard.check_nothing_refused()
    assert "is not in the plan" in (world.made.refused() or "")
    assert world.app.http.requests == []


def test_a_refusal_names_nobody(world: World) -> None:
    creates_and_fills(world.planned_http)
    with pytest.raises(NotPlanned, match=r"PUT \S+ /contacts/\{email\} is not in") as refused:
        AppliedHttp(world.app.http, world.guard()).send(
            HttpRequest("PUT", "https://api.example.org/contacts/jane%40example.com?of=jo@x.com")
        )
    assert not re.search(r"jane|jo@x", f"{refused.value}{world.made.refused()}")


def test_a_step_that_fails_may_make_its_writes_once_more(world: World) -> None:
    creates_and_fills(world.planned_http)
    guard = world.guard()
    http = AppliedHttp(world.app.http, guard)
    with guard.step():
        http.send(post(LISTS, {"name": "ours"}))
    add = post(f"{LISTS}/17/add", {"list": 17, "email": "a@example.com"})

    def broken_off() -> None:
        with guard.step():
            http.send(add)
            raise ServiceUnavailable

    with pytest.raises(ServiceUnavailable):
        broken_off()
    with guard.step():
        http.send(add)
        with pytest.raises(NotPlanned):
            http.send(post(LISTS, {"name": "ours"}))


def test_another_process_goes_on_with_what_was_learned(world: World) -> None:
    creates_and_fills(world.planned_http)
    AppliedHttp(world.app.http, world.guard()).send(post(LISTS, {"name": "ours"}))
    after = world.guard()
    with pytest.raises(NotPlanned, match="1 write of the plan not made"):
        after.check_all_made()
    AppliedHttp(world.app.http, after).send(
        post(f"{LISTS}/17/add", {"list": 17, "email": "a@example.com"})
    )
    after.check_all_made()


def test_a_write_that_did_not_arrive_was_not_made(world: World) -> None:
    world.planned_http.send(post(f"{LISTS}/down", {}))
    world.app.http.answer("POST", f"{LISTS}/down", status=500)
    guard = world.guard()
    with pytest.raises(ServiceUnavailable):
        AppliedHttp(world.app.http, guard).send(post(f"{LISTS}/down", {}))
    with pytest.raises(NotPlanned, match="not made"):
        guard.check_all_made()


def test_reads_are_made_whatever_the_plan_says(world: World) -> None:
    world.app.http.answer("GET", LISTS, json=[17])
    world.app.http.answer("POST", f"{LISTS}/search", json=[18])
    http = AppliedHttp(world.app.http, world.guard())
    assert http.send(HttpRequest("GET", LISTS, planned=[])).json() == [17]
    assert http.send(post(f"{LISTS}/search", {}, reads=True)).json() == [18]


def test_the_data_platform_gets_what_was_planned(world: World) -> None:
    def writes(odp: OdpPort) -> None:
        odp.upsert_customers([{"attributes": {"email": "a@example.com"}}])
        odp.send_events([{"type": "t", "action": "a", "identifiers": {"email": "a@example.com"}}])
        odp.upsert_objects("products", [{"product_id": "1"}])

    writes(world.planned_odp)
    assert world.app.odp.customer("email", "a@example.com") is None
    guard = world.guard()
    odp = AppliedOdp(world.app.odp, guard)
    writes(odp)
    guard.check_all_made()
    assert odp.customer("email", "a@example.com") is not None
    assert len(odp.customers().customers) == 1
    assert odp.objects("products") == world.app.odp.objects("products")
    with pytest.raises(NotPlanned, match="upsert_objects odp products is not in the plan"):
        odp.upsert_objects("products", [{"product_id": "2"}])


def test_runs_and_schedules_are_those_that_were_planned(world: World) -> None:
    def writes(jobs: JobsPort) -> str:
        jobs.reschedule("sync", "0 0 * * * ?")
        first = jobs.trigger("sync", {"n": 1})
        jobs.trigger("sync", {"after": first.job_id})
        return first.job_id

    writes(world.planned_jobs)
    guard = world.guard()
    jobs = AppliedJobs(world.app.jobs, guard)
    first = writes(jobs)
    guard.check_all_made()
    assert [run.parameters for run in jobs.active("sync")] == [{"n": 1}, {"after": first}]
    assert jobs.get_detail(first).parameters == {"n": 1}
    assert world.app.jobs.crons == {"sync": ("0 0 * * * ?", "UTC")}
    with pytest.raises(NotPlanned):
        jobs.trigger("sync", {"n": 2})
