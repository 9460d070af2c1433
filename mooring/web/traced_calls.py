"""How are direct calls told of as traces? By calls that do the same besides, where it is wanted."""

from __future__ import annotations

import contextvars

from mooring.engine.functions import Outcome, Unfinished
from mooring.hosting.host import Host
from mooring.sdk.webhook import Request, Response
from mooring.web.calls import AnswerNow, Calls
from mooring.web.directory import Target
from mooring.web.journal import Journal


def calls_of(host: Host, *, journal: Journal) -> Calls:
    """Make the calls of a server; those that nobody traces are as plain as ever."""
    return (TracedCalls if host.tracing.is_on else Calls)(host, journal=journal)


class TracedCalls(Calls):
    """Calls of which each is told, from here into the thread in which its function runs."""

    def __init__(self, host: Host, *, journal: Journal) -> None:
        super().__init__(host, journal=journal)
        self._contexts: dict[int, contextvars.Context] = {}

    async def answer(self, target: Target, request: Request, *, answer_now: AnswerNow) -> Response:
        """Call the function and return its answer."""
        key = id(request)
        with self._host.tracing.function(target.installation, target.entry.name) as span:
            self._contexts[key] = contextvars.copy_context()
            try:
                response = await super().answer(target, request, answer_now=answer_now)
            finally:
                self._contexts.pop(key, None)
            span.set_attribute("http.response.status_code", response.status)
            return response

    def _begin(self, target: Target, request: Request) -> Outcome | Unfinished:
        """Begin in a thread, as part of the call that is told of while somebody waits for it."""
        context = self._contexts.get(id(request))
        if context is None:
            return super()._begin(target, request)
        return context.run(super()._begin, target, request)
