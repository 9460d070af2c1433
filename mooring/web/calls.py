"""How does a function run in the server, within its time and its installation's share?

A plain function runs in a bounded pool of threads, a coroutine on the loop. A thread cannot be
stopped: what overruns is answered with 504, and its slot is used until it returns. What is known
about a function from its first call is kept, so that later ones begin at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

from mooring.engine.calling import Escaped
from mooring.engine.functions import Outcome, Unfinished, begin, finish, runs_on_loop, unbegun
from mooring.engine.problems import Hide, problem
from mooring.host import Host
from mooring.sdk.context import Invocation
from mooring.sdk.webhook import Request, Response
from mooring.web.directory import Target
from mooring.web.journal import Journal
from mooring.web.messages import Refused
from mooring.web.slots import Slots
from mooring.web.threads import Threads

TIME_LIMIT = 30.0  # seconds
CLEANUP = 0.1  # for a coroutine that is cut off
MOST_THREADS = 128
MOST_PER_INSTALLATION = 64

Answer = asyncio.Future[Outcome | None]  # None: it overran


@dataclass(frozen=True, slots=True)
class _Known:
    """A function that was called before, and is still the same one."""

    target: Target
    function_class: type[Any]
    on_loop: bool


class Calls:
    """The direct calls of one server."""

    def __init__(
        self,
        host: Host,
        *,
        journal: Journal,
        time_limit: float = TIME_LIMIT,
        per_installation: int = MOST_PER_INSTALLATION,
    ) -> None:
        self._host = host
        self._journal = journal
        self._time_limit = time_limit
        self._slots = Slots(most=per_installation)
        self._threads = Threads("function", most=MOST_THREADS)
        self._known: dict[tuple[int, str], _Known] = {}

    async def answer(self, target: Target, request: Request) -> Response:
        """Call the function and return its answer. Raises Refused when it has too much to do."""
        owner = (target.entry.is_global, target.installation.install_id)
        if not self._slots.take(owner):
            raise Refused(_busy())
        started = time.perf_counter()
        call = _Call(self._slots, owner, hide=self._host.masker.hide)
        known = self._known.get(_key(target))
        if known is not None and known.target is target and known.on_loop:
            call.on_loop(partial(self._unbegun, known, request))
        else:
            self._threads.start(partial(call.in_thread, partial(self._begin, target, request)))
        outcome = await call.within(self._time_limit)
        response = outcome.response if outcome else self._overran()
        self._journal.answered(target, response.status, took=time.perf_counter() - started)
        return response

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()

    def _begin(self, target: Target, request: Request) -> Outcome | Unfinished:
        return begin(
            partial(self._function_class, target),
            request,
            invocation=self._invocation(target),
            hide=self._host.masker.hide,
        )

    def _unbegun(self, known: _Known, request: Request) -> Unfinished:
        return unbegun(known.function_class, request, invocation=self._invocation(known.target))

    def _function_class(self, target: Target) -> type[Any]:
        known = self._known.get(_key(target))
        if known is None or known.target is not target:
            found = self._host.function_class(target.installation, target.entry.name)
            known = _Known(target, found, runs_on_loop(found))
            self._known[_key(target)] = known
        return known.function_class

    def _invocation(self, target: Target) -> Invocation:
        return self._host.invocation(
            target.installation,
            entry_point=f"function:{target.entry.name}",
            is_global=target.entry.is_global,
        )

    def _overran(self) -> Response:
        said = f"The function did not answer within {self._time_limit:g} seconds."
        hint = "Long work belongs in a job; with `delivery: inbox` the host answers at once."
        return problem(504, "function.overran", said, hint=hint)


class _Call:
    """One call under way: in a thread, on the loop, or first there and then here."""

    __slots__ = ("_answer", "_hide", "_is_cut_off", "_loop", "_owner", "_slots", "_task")

    def __init__(self, slots: Slots, owner: Hashable, *, hide: Hide) -> None:
        self._slots = slots
        self._owner = owner
        self._hide = hide
        self._loop = asyncio.get_running_loop()
        self._answer: Answer = self._loop.create_future()
        self._task: asyncio.Task[None] | None = None
        self._is_cut_off = False

    async def within(self, seconds: float) -> Outcome | None:
        """Wait for the outcome; None when it takes longer."""
        timer = self._loop.call_later(seconds, self._cut_off)
        try:
            return await self._answer
        finally:
            timer.cancel()

    def in_thread(self, begin: Callable[[], Outcome | Unfinished]) -> None:
        """Begin in this thread, and bring what comes of it to the loop."""
        try:
            begun = begin()
        except BaseException as error:  # noqa: BLE001  # belongs to whoever waits for the answer
            self._bring(self._fail, error)
            return
        if isinstance(begun, Unfinished):
            self._bring(self._go_on, begun)
        else:
            self._bring(self._settle, begun)

    def on_loop(self, begin: Callable[[], Unfinished]) -> None:
        """Begin on the loop."""
        try:
            self._go_on(begin())
        except BaseException:
            self._slots.give_back(self._owner)
            raise

    def _bring(self, step: Callable[[Any], None], what: Any) -> None:
        """Take a step on the loop. A slot is given back here: what ran in the thread has ended."""
        if step != self._go_on:
            self._slots.give_back(self._owner)
        with contextlib.suppress(RuntimeError):  # The loop has ended, and with it whoever waited.
            self._loop.call_soon_threadsafe(step, what)

    def _go_on(self, unfinished: Unfinished) -> None:
        """Await the rest of it, unless nobody waits any more."""
        if self._answer.done():
            self._slots.give_back(self._owner)
        else:
            self._task = self._loop.create_task(self._finish(unfinished))

    async def _finish(self, unfinished: Unfinished) -> None:
        try:
            self._settle(await finish(unfinished, hide=self._hide))
        except BaseException as error:
            if not self._is_cut_off:
                self._fail(Escaped(repr(error)))
            raise
        finally:
            self._slots.give_back(self._owner)
            self._settle(None)

    def _settle(self, outcome: Outcome | None) -> None:
        if not self._answer.done():
            self._answer.set_result(outcome)

    def _fail(self, error: BaseException) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)

    def _cut_off(self) -> None:
        """Stop waiting; a coroutine is told to end and gets a moment for it."""
        self._is_cut_off = True
        if self._task is None:
            self._settle(None)
        else:
            self._task.cancel()
            self._loop.call_later(CLEANUP, self._settle, None)


def _key(target: Target) -> tuple[int, str]:
    return target.installation.install_id, target.entry.name


def _busy() -> Response:
    said = "This installation is answering as many requests as it may at once."
    return problem(
        429, "busy", said, hint="Send it again in a moment.", headers={"retry-after": "1"}
    )
