"""Traces of a host's work: one from the trigger to every call out, with nothing of anybody."""

from __future__ import annotations

import timeit
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pytest_httpserver import HTTPServer

from mooring.adapters.spans import Spans
from mooring.adapters.tracing import Untraced
from mooring.engine.inbox import Done, Verdict, to_wire
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.delivery import Delivery, DeliveryState
from mooring.model.installation import Installation
from mooring.sdk.interruption import Interrupted
from mooring.sdk.job import Job
from mooring.sdk.webhook import Request
from tests.host.apps import App

CANARY = "canary-7f3a9c"
JOB = """\
from mooring.sdk import Job, JobStatus, environment, http


class Fetch(Job):
    def prepare(self, parameters, status=None, resuming=False):
        return JobStatus(state={"n": 0})

    def perform(self, status):
        n = status.state["n"] + 1
        url = environment["APP_ENV_SHOP_URL"] + "/contacts/canary-7f3a9c?token=canary-7f3a9c"
        http.post(url, json={"canary-7f3a9c": 1}, headers={"api-key": "canary-7f3a9c"})
        if self.invocation.parameters.get("fails"):
            raise ValueError("canary-7f3a9c")
        return JobStatus(state={"n": n, "secret": "canary-7f3a9c"}, complete=n == 2)
"""
HELLO = """
from mooring.sdk import jobs
jobs.trigger("fetch", {"secret": "canary-7f3a9c"})
return Response(201)
"""


class Traced:
    """A host whose spans are kept in memory."""

    def __init__(self, host: Host, exporter: InMemorySpanExporter) -> None:
        self.host = host
        self._exporter = exporter

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (found,) = self.named(name)
        return found


@pytest.fixture
def traced(home: Path, httpserver: HTTPServer) -> Iterator[Traced]:
    httpserver.expect_request("/contacts/canary-7f3a9c").respond_with_json({})
    environment = {"APP_ENV_SHOP_URL": httpserver.url_for("").rstrip("/")}
    config = HostConfig(home=home, secrets="encrypted", environment=environment)
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with Host.open(config) as host:
        host.tracing = Spans(lambda: provider.get_tracer("test"), close=provider.shutdown)
        yield Traced(host, exporter)
        host.tracing.close()


class Declaring(App):
    """An app that declares a variable of the environment."""

    def finish(self) -> Path:
        root = super().finish()
        with (root / "app.yml").open("a") as manifest:
            manifest.write("environment:\n- APP_ENV_SHOP_URL\n")
        return root


@pytest.fixture
def app(tmp_path: Path) -> App:
    app = Declaring(tmp_path / "app")
    entry = {"entry_point": "Fetch", "description": "Fetches.", "retry": {"attempts": 1}}
    app.jobs["fetch"] = entry
    app.write("src/jobs/fetch.py", JOB)
    app.function("hello", HELLO)
    return app


@pytest.fixture
def installation(traced: Traced, app: App) -> Installation:
    return traced.host.lifecycle.install(app.finish())


def parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def number(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def traces(*spans: ReadableSpan) -> set[int]:
    return {span.context.trace_id for span in spans if span.context is not None}


def test_one_trace_goes_from_the_trigger_to_every_call_out(
    traced: Traced, installation: Installation
) -> None:
    run = traced.host.jobs.trigger(installation, "fetch", {"secret": CANARY})
    traced.host.jobs.execute(run.run_id, worker="test")
    trigger, ran = traced.one("job.trigger"), traced.one("job.run")
    steps, calls = traced.named("job.step"), traced.named("http.call")
    assert parent(ran) == number(trigger)
    assert [parent(step) for step in [traced.one("job.prepare"), *steps]] == [number(ran)] * 3
    assert [parent(call) for call in calls] == [number(step) for step in steps]
    assert len(traces(*traced.spans)) == 1


def test_spans_name_ids_of_the_host_and_nothing_of_anybody(
    traced: Traced, installation: Installation
) -> None:
    run = traced.host.jobs.trigger(installation, "fetch", {"fails": CANARY})
    traced.host.jobs.execute(run.run_id, worker="test")
    told = [span.to_json() for span in traced.spans]
    assert not [text for text in told if CANARY in text]
    about = dict(traced.one("job.step").attributes or {})
    assert about == {
        "mooring.app_id": "shop",
        "mooring.install_id": installation.install_id,
        "mooring.job": "fetch",
        "mooring.run_id": run.run_id,
        "mooring.step": 1,
        "error.type": "ValueError",
    }
    call = dict(traced.one("http.call").attributes or {})
    assert call == {
        "mooring.app_id": "shop",
        "http.request.method": "POST",
        "server.address": "localhost",
        "http.response.status_code": 200,
    }


def test_what_fails_is_marked_from_the_step_to_the_run(
    traced: Traced, installation: Installation
) -> None:
    run = traced.host.jobs.trigger(installation, "fetch", {"fails": True})
    traced.host.jobs.execute(run.run_id, worker="test")
    step, ran = traced.one("job.step"), traced.one("job.run")
    assert step.status.status_code is StatusCode.ERROR
    assert ran.status.status_code is StatusCode.ERROR
    assert (ran.attributes or {})["mooring.run.status"] == "ERROR"
    assert not step.events
    assert traced.one("job.prepare").status.status_code is StatusCode.UNSET


def test_a_step_that_was_told_to_end_is_no_failure(
    traced: Traced, installation: Installation
) -> None:
    run = traced.host.jobs.trigger(installation, "fetch", {})
    steps, job = traced.host.tracing.steps(run, Watch()), cast(Job, object())

    def interrupted() -> None:
        steps.enters(run, job)
        try:
            raise Interrupted
        finally:
            steps.leaves()

    with pytest.raises(Interrupted):
        interrupted()
    told = traced.one("job.prepare")
    assert told.status.status_code is StatusCode.UNSET
    assert (told.attributes or {})["mooring.interrupted"] is True


def test_a_scheduled_run_begins_a_trace_of_its_own(
    traced: Traced, installation: Installation
) -> None:
    run = traced.host.runs.create(
        installation, "fetch", {}, scheduled_at=traced.host.clock.now(), due_key="1"
    )
    assert run is not None
    traced.host.jobs.execute(run.run_id, worker="test")
    assert parent(traced.one("job.run")) is None


def causes(host: Host, run_id: str, span: ReadableSpan) -> bool:
    return f"{number(span):016x}" in (host.runs.traceparent(run_id) or "")


def test_a_delivery_is_handled_in_a_trace_of_its_own(
    traced: Traced, installation: Installation
) -> None:
    now = datetime.now(UTC)
    wire = to_wire(Request("POST", body=CANARY.encode()))
    delivery = Delivery(
        *("d1", installation.install_id, "shop", "hello", "k", wire),
        *(DeliveryState.PENDING, 0, now, now),
    )

    def handle(delivery: Delivery) -> Verdict:
        traced.host.jobs_of(installation).trigger("fetch", {})  # as its code would
        return Done()

    assert traced.host.tracing.deliveries(handle)(delivery) == Done()
    about = dict(traced.one("delivery.handle").attributes or {})
    assert (about["mooring.delivery_id"], about["mooring.delivery.verdict"]) == ("d1", "done")
    (run,) = traced.host.runs.recent()
    assert causes(traced.host, run.run_id, traced.one("delivery.handle"))


def test_a_direct_call_at_a_command_is_told_of(traced: Traced, installation: Installation) -> None:
    assert traced.host.invoke(installation, "hello", Request("POST")).status == 201
    assert traced.one("function.call").parent is None


class Port:
    def send(self, request: Any) -> Any:
        return request


class Watch:
    def enters(self, run: Any, job: Any) -> None:
        """Watch nothing."""

    def leaves(self) -> None:
        """Watch nothing."""


def test_nobody_being_told_changes_nothing_and_wraps_nothing() -> None:
    nobody, port, watch = Untraced(), Port(), Watch()
    run: Any = None
    assert nobody.http(port, app_id="shop") is port
    assert nobody.steps(run, watch) is watch
    assert nobody.deliveries(port.send) == port.send
    assert nobody.present() is None


def test_nobody_being_told_costs_less_than_microseconds(installation: Installation) -> None:
    nobody = Untraced()

    def call() -> None:
        with nobody.function(installation, "hello"):
            nobody.present()

    best = min(timeit.repeat(call, number=2000, repeat=20)) / 2000
    assert best < 20e-6  # half a microsecond; the bound leaves room for a machine that is busy
