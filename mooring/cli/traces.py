"""Where are traces sent? To where the usual OTEL_* variables say, if any of them does."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mooring.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

    from mooring.adapters.tracing import Tracing

WANTED_BY = (
    "OTEL_TRACES_EXPORTER",
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
)
EXPORTERS = ("otlp", "console", "none")
PROTOCOLS = ("", "http/protobuf")
NAMED_BY = ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES")
LAST_SECONDS = 3  # for what was not sent yet when the program ends


def tracing_wanted(environment: Mapping[str, str]) -> Tracing | None:
    """Return what tells of the host's work, or None where nobody asked for it.

    Raises ConfigurationInvalid for what cannot be done.
    """
    given = {name: environment.get(name, "").strip().lower() for name in WANTED_BY}
    is_off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporters = [each.strip() for each in (given["OTEL_TRACES_EXPORTER"] or "otlp").split(",")]
    if is_off or not any(given.values()) or exporters == ["none"]:
        return None
    _check(exporters, environment)
    from mooring.adapters.spans import Spans

    made: list[TracerProvider] = []

    def tracer() -> Tracer:
        made.append(_provider(exporters, environment))
        return made[0].get_tracer("mooring")

    def close() -> None:
        for provider in made:
            provider.force_flush(LAST_SECONDS * 1000)
            provider.shutdown()

    return Spans(tracer, close=close)


def _check(exporters: list[str], environment: Mapping[str, str]) -> None:
    """Raise ConfigurationInvalid for what is unknown here, or not installed."""
    for each in exporters:
        if each not in EXPORTERS:
            raise ConfigurationInvalid(
                f"There is no exporter {each!r} for traces.",
                where="OTEL_TRACES_EXPORTER",
                hint=f"There are: {', '.join(EXPORTERS)}.",
            )
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if environment.get(name, "").strip().lower() not in PROTOCOLS:
            raise ConfigurationInvalid(
                f"Traces are not sent by {environment[name]!r} here.",
                where=name,
                hint="Set it to http/protobuf; collectors take that at port 4318.",
            )
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter") is None:
        raise ConfigurationInvalid(
            "Traces are asked for, and what sends them is not installed.",
            where=next(name for name in WANTED_BY if environment.get(name)),
            hint="pip install 'mooring[otel]', or unset the variable.",
        )


def _provider(exporters: list[str], environment: Mapping[str, str]) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = any(environment.get(name) for name in NAMED_BY)
    resource = Resource.create({} if named else {"service.name": "mooring"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    for each in exporters:
        if each != "none":
            provider.add_span_processor(BatchSpanProcessor(_exporter(each)))
    return provider


def _exporter(name: str) -> SpanExporter:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)  # stdout has the answer
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
