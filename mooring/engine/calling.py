"""How is app code called on somebody's behalf, whether it is ``def`` or ``async def``?"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from mooring.errors import in_words
from mooring.sdk.context import Invocation, use
from mooring.sdk.interruption import Interrupted


class Escaped(Exception):
    """App code raised what tells a program or a task to end, which was not its to tell."""


class on_behalf_of:  # noqa: N801  # reads as the function it could be, at half the price
    """Let app code run in the body; what it raises is its own error, unless somebody ends us.

    A KeyboardInterrupt or CancelledError that it raises by itself would stop the server's loop, or
    pass by all who are to note how the call ended.
    """

    __slots__ = ("_use",)

    def __init__(self, invocation: Invocation) -> None:
        self._use = use(invocation)

    def __enter__(self) -> None:
        self._use.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._use.__exit__(kind, error, trace)
        if error is None or isinstance(error, (Exception, SystemExit, Interrupted)):
            return
        if not _is_meant_for_us(error):
            raise Escaped(in_words(error)) from error


def call(function: Callable[..., Any], *arguments: Any, invocation: Invocation) -> Any:
    """Call app code from a thread without an event loop; a coroutine gets a loop of its own."""
    with on_behalf_of(invocation):
        result = function(*arguments)
        if inspect.iscoroutine(result):
            result = asyncio.run(_await(result))
        return result


async def _await(awaitable: Any) -> Any:
    return await awaitable


def _is_meant_for_us(error: BaseException) -> bool:
    """Whether it is Ctrl-C at a command, or the end of a task that was told to end."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        at_a_command = threading.current_thread() is threading.main_thread()
        return isinstance(error, KeyboardInterrupt) and at_a_command
    told_to_end = task is not None and task.cancelling() > 0
    # Without a failing task, whoever closes a coroutine that never ended does so in this way.
    return isinstance(error, GeneratorExit) or told_to_end
