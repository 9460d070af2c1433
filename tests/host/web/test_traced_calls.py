"""A call that is told of in a trace does the same as any other, and is the cause of its runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mooring.adapters.spans import Spans
from mooring.hosting.host import Host
from mooring.web.calls import Calls
from mooring.web.journal import Journal
from mooring.web.traced_calls import TracedCalls, calls_of
from tests.host.apps import App
from tests.host.web.conftest import opened_site

HELLO = """
from mooring.sdk import jobs
jobs.trigger("count")
return Response(201)
"""
COROUTINE = """
from mooring.sdk import jobs
await jobs.atrigger("count")
return Response(202)
"""


@pytest.fixture
def spans(host: Host) -> Iterator[InMemorySpanExporter]:
    """Trace the host; what it tells stays in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    host.tracing = Spans(lambda: provider.get_tracer("test"), close=provider.shutdown)
    yield exporter
    host.tracing.close()


def test_where_nobody_traces_calls_are_as_plain_as_ever(host: Host) -> None:
    journal = Journal(host)
    calls = calls_of(host, journal=journal)
    calls.close()
    journal.close()
    assert type(calls) is Calls


@pytest.mark.parametrize(("function", "status"), [("hello", 201), ("waits", 202)])
def test_a_run_that_a_function_triggers_belongs_to_its_trace(
    host: Host, app: App, spans: InMemorySpanExporter, function: str, status: int
) -> None:
    app.counting().function("hello", HELLO).function("waits", COROUTINE)
    with opened_site(host, app, calls_of=calls_of) as site:
        for _ in range(2):  # the second one is known, and begins on the loop where it may
            asyncio.run(site.ask("POST", site.path(function)))
    calls = [span for span in spans.get_finished_spans() if span.name == "function.call"]
    assert len({trace_of(call) for call in calls}) == 2
    for call in calls:
        assert (call.attributes or {})["mooring.function"] == function
        assert (call.attributes or {})["http.response.status_code"] == status
    parents = [host.runs.traceparent(run.run_id) or "" for run in host.runs.recent()]
    causes = {tuple(parent.split("-")[1:3]) for parent in parents}
    assert causes == {(f"{trace_of(call):032x}", f"{number_of(call):016x}") for call in calls}
    for run in host.runs.recent():
        host.jobs.execute(run.run_id, worker="test")
    ran = [span for span in spans.get_finished_spans() if span.name == "job.run"]
    assert {trace_of(span) for span in ran} == {trace_of(call) for call in calls}


def test_nothing_is_kept_of_a_call_that_was_answered(
    host: Host, app: App, spans: InMemorySpanExporter
) -> None:
    app.function("hello", "return Response(200)").function("fails", "raise ValueError('Odd.')")
    made: list[TracedCalls] = []

    def kept(host: Host, *, journal: Journal) -> Calls:
        calls = calls_of(host, journal=journal)
        assert isinstance(calls, TracedCalls)
        made.append(calls)
        return calls

    with opened_site(host, app, calls_of=kept) as site:
        statuses = [
            asyncio.run(site.ask("POST", site.path(function))).status_code
            for function in ("hello", "fails")
        ]
    assert statuses == [200, 500]
    assert len(spans.get_finished_spans()) == 2
    assert made[0]._contexts == {}


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def number_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)
