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
from mooring.engine.problems import problem
from mooring.hosting.host import Host
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

Begun = asyncio.Future[Outcome | Unfinished | None]  # None: it overran
AnswerNow = Callable[[Callable[[], Response]], None]


@dataclass(frozen=True, slots=True)
class _Known:
    """A function that was called before, and is still the same one."""

    target: Target
    function_class: type[Any]
    invocation: Callable[[], Invocation]
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

    async def answer(self, target: Target, request: Request, *, answer_now: AnswerNow) -> Response:
        """Call the function and return its answer. Raises Refused when it has too much to do.

        A coroutine that overruns is told to end; one that does not obey is still awaited, for it
        runs in this very task, but ``answer_now`` is called meanwhile.
        """
        owner = (target.entry.is_global, target.installation.install_id)
        if not self._slots.take(owner):
            raise Refused(_busy())
        started = time.perf_counter()
        known = self._known.get(_key(target))
        if known is not None and known.target is target and known.on_loop:
            begin_here = partial(self._unbegun, known, request)
            outcome = await self._on_loop(begin_here, owner, answer_now)
        else:
            outcome = await self._in_thread(target, request, owner, answer_now)
        response = outcome.response if outcome else self._overran()
        self._journal.answered(target, response.status, took=time.perf_counter() - started)
        return response

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()

    async def _in_thread(
        self, target: Target, request: Request, owner: Hashable, answer_now: AnswerNow
    ) -> Outcome | None:
        """Begin in a thread; where a coroutine turns out to be behind it, go on here."""
        call = _ThreadCall(partial(self._slots.give_back, owner))
        self._threads.start(partial(call.run, partial(self._begin, target, request)))
        begun = await call.within(self._time_limit)
        if isinstance(begun, Unfinished):
            return await self._on_loop(partial(_as_it_is, begun), owner, answer_now)
        return begun

    async def _on_loop(
        self, begin: Callable[[], Unfinished], owner: Hashable, answer_now: AnswerNow
    ) -> Outcome | None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        cut = _Cut(loop, task, partial(answer_now, self._overran))
        timer = loop.call_later(self._time_limit, cut.off)
        try:
            return await finish(begin(), hide=self._host.masker.hide)
        except asyncio.CancelledError as error:
            task.uncancel()
            if not cut.is_off:
                raise Escaped(f"The function ended its own task: {error!r}") from error
            return None
        finally:
            timer.cancel()
            cut.is_over()
            self._slots.give_back(owner)

    def _begin(self, target: Target, request: Request) -> Outcome | Unfinished:
        """Begin in a thread, and learn about the function."""
        known = self._known.get(_key(target))
        if known is not None and known.target is target:
            function_class, invocation = (lambda: known.function_class), known.invocation
        else:
            function_class = partial(self._learn, target, invocation := self._invocations(target))
        hide = self._host.masker.hide
        return begin(function_class, request, invocation=invocation(), hide=hide)

    def _learn(self, target: Target, invocation: Callable[[], Invocation]) -> type[Any]:
        found = self._host.function_class(target.installation, target.entry.name)
        self._known[_key(target)] = _Known(target, found, invocation, runs_on_loop(found))
        return found

    def _unbegun(self, known: _Known, request: Request) -> Unfinished:
        return unbegun(known.function_class, request, invocation=known.invocation())

    def _invocations(self, target: Target) -> Callable[[], Invocation]:
        return self._host.invocations(
            target.installation,
            entry_point=f"function:{target.entry.name}",
            is_global=target.entry.is_global,
        )

    def _overran(self) -> Response:
        said = f"The function did not answer within {self._time_limit:g} seconds."
        hint = "Long work belongs in a job; with `delivery: inbox` the host answers at once."
        return problem(504, "function.overran", said, hint=hint)


class _Cut:
    """Tells a coroutine to end, and gives it a moment for that before somebody else answers."""

    __slots__ = ("_answer_now", "_loop", "_task", "_timer", "is_off")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        task: asyncio.Task[Any],
        answer_now: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._task = task
        self._answer_now = answer_now
        self._timer: asyncio.TimerHandle | None = None
        self.is_off = False

    def off(self) -> None:
        """Cut the coroutine off."""
        self.is_off = True
        self._task.cancel()
        self._timer = self._loop.call_later(CLEANUP, self._answer_now)

    def is_over(self) -> None:
        """Leave it alone: it ended."""
        if self._timer is not None:
            self._timer.cancel()


class _ThreadCall:
    """A call that begins in a thread, and who waits for what comes of it."""

    __slots__ = ("_begun", "_give_back", "_loop")

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back = give_back
        self._loop = asyncio.get_running_loop()
        self._begun: Begun = self._loop.create_future()

    async def within(self, seconds: float) -> Outcome | Unfinished | None:
        """Wait for what comes of it; None when it takes longer."""
        timer = self._loop.call_later(seconds, self._settle, None)
        try:
            return await self._begun
        finally:
            timer.cancel()

    def run(self, begin: Callable[[], Outcome | Unfinished]) -> None:
        """Begin in this thread, and bring what comes of it to the loop.

        What came to its end here gives its slot back here, whoever still waits.
        """
        try:
            begun = begin()
        except BaseException as error:  # noqa: BLE001  # belongs to whoever waits for the answer
            self._give_back()
            self._bring(self._fail, error)
            return
        if isinstance(begun, Outcome):
            self._give_back()
        self._bring(self._settle, begun)

    def _bring(self, step: Callable[[Any], None], what: Any) -> None:
        with contextlib.suppress(RuntimeError):  # The loop has ended, and with it whoever waited.
            self._loop.call_soon_threadsafe(step, what)

    def _settle(self, begun: Outcome | Unfinished | None) -> None:
        if not self._begun.done():
            self._begun.set_result(begun)
        elif isinstance(begun, Unfinished):
            self._give_back()

    def _fail(self, error: BaseException) -> None:
        if not self._begun.done():
            self._begun.set_exception(error)


def _as_it_is(unfinished: Unfinished) -> Unfinished:
    return unfinished


def _key(target: Target) -> tuple[int, str]:
    return target.installation.install_id, target.entry.name


def _busy() -> Response:
    said = "This installation is answering as many requests as it may at once."
    return problem(
        429, "busy", said, hint="Send it again in a moment.", headers={"retry-after": "1"}
    )
