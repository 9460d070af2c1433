"""How is a host's work told to OpenTelemetry? As spans, one inside the other (tracing.Tracing).

A span carries names and ids of the host: which app, installation, run and step, which service was
called with which method and status. No address beyond a service's name, no header, no body, no
message of an error: any of these may hold what is somebody's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from functools import cached_property
from typing import TypeVar
from urllib.parse import urlsplit

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mooring.adapters.tracing import Handle
from mooring.engine.ports import StepWatch
from mooring.model.delivery import Delivery
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from mooring.sdk.interruption import Interrupted
from mooring.sdk.job import Job
from mooring.sdk.ports import HttpPort, HttpRequest, HttpResponse

T = TypeVar("T")
TRACEPARENT = "traceparent"

_wire = TraceContextTextMapPropagator()

Attributes = Mapping[str, str | int]


class Spans:
    """Tells a tracer, which is made when the first span is; ``close`` ends what was made."""

    is_on = True

    def __init__(self, tracer: Callable[[], Tracer], *, close: Callable[[], object]) -> None:
        self._made = tracer
        self._close = close

    @cached_property
    def tracer(self) -> Tracer:
        """The tracer."""
        return self._made()

    def present(self) -> str | None:
        """Return what names the present span to another process."""
        carrier: dict[str, str] = {}
        _wire.inject(carrier)
        return carrier.get(TRACEPARENT)

    @contextmanager
    def trigger(self, installation: Installation, job: str) -> Iterator[Span]:
        """Tell of a run that is written in the block."""
        about: Attributes = {**_of(installation), "mooring.job": job}
        with self._span("job.trigger", about, kind=SpanKind.PRODUCER) as span:
            yield span

    def run(self, run: Run, work: Callable[[], Run], *, caused_by: Callable[[], str | None]) -> Run:
        """Tell of one time that a run is driven, below what triggered it."""
        cause = caused_by()
        parent = None if cause is None else _wire.extract({TRACEPARENT: cause})
        about: Attributes = {**_of_run(run), "mooring.run.attempt": run.attempt + 1}
        with self._span("job.run", about, kind=SpanKind.CONSUMER, parent=parent) as span:
            ended = work()
            span.set_attribute("mooring.run.status", ended.status.value)
            span.set_attribute("mooring.run.steps", ended.steps)
            if ended.status is RunStatus.ERROR:
                span.set_status(StatusCode.ERROR)
            return ended

    def steps(self, run: Run, watch: StepWatch) -> StepWatch:
        """Tell of every step."""
        return _TracedSteps(self.tracer, watch)

    @contextmanager
    def function(self, installation: Installation, name: str) -> Iterator[Span]:
        """Tell of a function that is called in the block."""
        about: Attributes = {**_of(installation), "mooring.function": name}
        with self._span("function.call", about, kind=SpanKind.SERVER) as span:
            yield span

    def deliveries(self, handle: Handle[T]) -> Handle[T]:
        """Tell of every delivery that is handled."""

        def handled(delivery: Delivery) -> T:
            about: Attributes = {
                "mooring.app_id": delivery.app_id,
                "mooring.install_id": delivery.install_id,
                "mooring.function": delivery.function,
                "mooring.delivery_id": delivery.delivery_id,
                "mooring.delivery.attempt": delivery.attempts + 1,
            }
            with self._span("delivery.handle", about, kind=SpanKind.CONSUMER) as span:
                judged = handle(delivery)
                span.set_attribute("mooring.delivery.verdict", type(judged).__name__.lower())
                return judged

        return handled

    def http(self, port: HttpPort, *, app_id: str) -> HttpPort:
        """Tell of every call."""
        return _TracedHttp(self, port, app_id)

    def close(self) -> None:
        """Send what was not sent yet."""
        self._close()

    @contextmanager
    def _span(
        self,
        name: str,
        about: Attributes,
        *,
        kind: SpanKind,
        parent: context.Context | None = None,
    ) -> Iterator[Span]:
        with self.tracer.start_as_current_span(
            name,
            context=parent,
            kind=kind,
            attributes=about,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                _fail(span, error)
                raise


class _TracedSteps:
    """A step of a run, or its preparation, between entering and leaving app code (StepWatch)."""

    def __init__(self, tracer: Tracer, watch: StepWatch) -> None:
        self._tracer = tracer
        self._watch = watch
        self._is_prepared = False
        self._open: tuple[Span, Token[context.Context]] | None = None

    def enters(self, run: Run, job: Job | None) -> None:
        """Begin a span, unless the job is only being made."""
        if job is not None:
            name = "job.step" if self._is_prepared else "job.prepare"
            self._is_prepared = True
            span = self._tracer.start_span(
                name, attributes={**_of_run(run), "mooring.step": run.steps + 1}
            )
            self._open = (span, context.attach(trace.set_span_in_context(span)))
        self._watch.enters(run, job)

    def leaves(self) -> None:
        """End the span; where the app forked, only the first process gets as far as that."""
        self._watch.leaves()
        if self._open is None:
            return
        (span, token), self._open = self._open, None
        context.detach(token)
        if (error := sys.exception()) is not None:  # what is raised while this is called
            _fail(span, error)
        span.end()


class _TracedHttp:
    """Calls of one app to other services."""

    def __init__(self, spans: Spans, port: HttpPort, app_id: str) -> None:
        self._spans = spans
        self._port = port
        self._app_id = app_id

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send it."""
        about: Attributes = {
            "mooring.app_id": self._app_id,
            "http.request.method": request.method.upper(),
            "server.address": _host(request.url),
        }
        with self._spans._span("http.call", about, kind=SpanKind.CLIENT) as span:
            answer = self._port.send(request)
            span.set_attribute("http.response.status_code", answer.status)
            return answer


def _fail(span: Span, error: BaseException) -> None:
    """Say what kind of error it was, never what it says; being told to end is none."""
    if isinstance(error, Interrupted):
        span.set_attribute("mooring.interrupted", True)
        return
    span.set_attribute("error.type", getattr(error, "code", None) or type(error).__name__)
    span.set_status(StatusCode.ERROR)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # no address at all, which sending it says
        return ""


def _of(installation: Installation) -> Attributes:
    return {
        "mooring.app_id": installation.app_id,
        "mooring.app_version": installation.version,
        "mooring.install_id": installation.install_id,
    }


def _of_run(run: Run) -> Attributes:
    return {
        "mooring.app_id": run.app_id,
        "mooring.install_id": run.install_id,
        "mooring.job": run.job,
        "mooring.run_id": run.run_id,
    }
