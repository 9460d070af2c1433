"""Traces are sent to where the usual variables say, and nowhere else."""

from __future__ import annotations

import socket
import time

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pytest_httpserver import HTTPServer

from mooring.cli import traces
from mooring.cli.traces import tracing_wanted
from mooring.errors import ConfigurationInvalid
from tests.conftest import Program
from tests.host.cli.conftest import APP

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "shop"},
        {"OTEL_TRACES_EXPORTER": "none", ENDPOINT: "http://collector:4318"},
        {ENDPOINT: "http://collector:4318", "OTEL_SDK_DISABLED": "True"},
        {"OTEL_TRACES_EXPORTER": ""},
    ],
)
def test_nobody_is_told_where_nobody_asked(environment: dict[str, str]) -> None:
    assert tracing_wanted(environment) is None


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "There is no exporter 'zipkin'"),
        ({ENDPOINT: "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "by 'grpc' here"),
    ],
)
def test_what_cannot_be_done_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said):
        tracing_wanted(environment)


def test_what_is_not_installed_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationInvalid, match=r"pip install 'mooring\[otel\]'") as refused:
        tracing_wanted({ENDPOINT: "http://collector:4318"})
    assert refused.value.where == ENDPOINT


def test_no_tracer_is_made_before_there_is_something_to_tell() -> None:
    wanted = tracing_wanted({ENDPOINT: "http://collector.invalid:4318"})
    assert wanted is not None
    began = time.monotonic()
    wanted.close()
    assert time.monotonic() - began < traces.LAST_SECONDS


def test_a_command_sends_its_spans_before_it_ends(
    installed: Program, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/v1/traces").respond_with_data(b"")
    variables = {ENDPOINT: httpserver.url_for(""), "OTEL_SERVICE_NAME": "shop-host"}
    run = installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json", **variables).json
    spans, services = [], set()
    for request, _ in httpserver.log:
        told = ExportTraceServiceRequest.FromString(request.data)
        for group in told.resource_spans:
            services |= {
                each.value.string_value
                for each in group.resource.attributes
                if each.key == "service.name"
            }
            spans += [span for scope in group.scope_spans for span in scope.spans]
    assert {span.name for span in spans} >= {"job.trigger", "job.run", "job.prepare", "job.step"}
    assert len({span.trace_id for span in spans}) == 1
    assert services == {"shop-host"}
    assert run["status"] == "COMPLETE"


def test_a_collector_that_is_away_is_said_in_the_log_and_holds_up_no_command(
    installed: Program,
) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        variables = {ENDPOINT: f"http://127.0.0.1:{taken.getsockname()[1]}"}
        answer = installed.ok("jobs", "trigger", APP, "tidy", "--wait", "--json", **variables)
    assert answer.json["status"] == "COMPLETE"
    assert answer.err == ""
    assert "spans" in installed.ok("logs", "--level", "warn").out
