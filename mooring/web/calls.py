"""How does a function run in the server, within its time and its installation's share?

A plain function runs in a bounded pool of threads, a coroutine on the loop. A thread cannot be
stopped: what overruns is answered with 504, and its slot is used until it returns.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

from mooring.engine.functions import Outcome, Unfinished, begin, finish
from mooring.engine.problems import problem
from mooring.host import Host
from mooring.sdk.webhook import Request, Response
from mooring.web.directory import Target
from mooring.web.messages import Refused
from mooring.web.slots import Slot, Slots
from mooring.web.threads import Threads

TIME_LIMIT = 30.0  # seconds
CLEANUP = 0.1  # for a coroutine that is cut off
MOST_THREADS = 40
MOST_PER_INSTALLATION = 20


class Calls:
    """The direct calls of one server."""

    def __init__(
        self,
        host: Host,
        *,
        time_limit: float = TIME_LIMIT,
        per_installation: int = MOST_PER_INSTALLATION,
    ) -> None:
        self._host = host
        self._time_limit = time_limit
        self._slots = Slots(most=per_installation)
        self._threads = Threads("function", most=MOST_THREADS)
        self._observing = Threads("observer", most=1)

    async def answer(self, target: Target, request: Request) -> Response:
        """Call the function and return its answer. Raises Refused when it has too much to do."""
        slot = self._slots.take((target.entry.is_global, target.installation.install_id))
        if slot is None:
            raise Refused(_busy())
        started = time.perf_counter()
        task = asyncio.ensure_future(self._perform(target, request, slot))
        task.add_done_callback(lambda _: slot.let_go())
        await asyncio.wait({task}, timeout=self._time_limit)
        if task.done():
            response = task.result().response
        else:
            task.cancel()
            await asyncio.wait({task}, timeout=CLEANUP)
            response = self._overran()
        took = time.perf_counter() - started
        self._observing.submit(partial(observe, self._host, target, response.status, took=took))
        return response

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()
        self._observing.close()

    async def _perform(self, target: Target, request: Request, slot: Slot) -> Outcome:
        slot.hold()
        future = self._threads.submit(partial(self._begin, target, request))
        future.add_done_callback(lambda _: slot.let_go())
        begun = await asyncio.wrap_future(future)
        if isinstance(begun, Unfinished):
            return await finish(begun, hide=self._host.masker.hide)
        return begun

    def _begin(self, target: Target, request: Request) -> Outcome | Unfinished:
        return begin(
            partial(self._host.function_class, target.installation, target.entry.name),
            request,
            invocation=self._host.invocation(
                target.installation,
                entry_point=f"function:{target.entry.name}",
                is_global=target.entry.is_global,
            ),
            hide=self._host.masker.hide,
        )

    def _overran(self) -> Response:
        said = f"The function did not answer within {self._time_limit:g} seconds."
        hint = "Long work belongs in a job; with `delivery: inbox` the host answers at once."
        return problem(504, "function.overran", said, hint=hint)


def observe(host: Host, target: Target, status: int, *, took: float) -> None:
    """Log an answered call, and tell the plugins that want to know; for a thread."""
    outcome = {"status": status, "took_ms": round(took * 1000, 1)}
    fields = {**target.log_fields, **outcome}
    host.log.log("info", "function.answered", fields)
    app, name = target.installation.app, target.entry.name
    try:
        host.plugins.hook.mooring_function_handled(app=app, name=name, outcome=outcome)
    except Exception as error:  # noqa: BLE001  # an observer's failure is nobody else's
        host.log.log("error", "observer.failed", {**fields, "error": repr(error)})


def _busy() -> Response:
    said = "This installation is answering as many requests as it may at once."
    return problem(
        429, "busy", said, hint="Send it again in a moment.", headers={"retry-after": "1"}
    )
