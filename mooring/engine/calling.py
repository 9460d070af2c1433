"""How is app code called on somebody's behalf, whether it is ``def`` or ``async def``?"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from mooring.sdk.context import Invocation, use


def call(function: Callable[..., Any], *arguments: Any, invocation: Invocation) -> Any:
    """Call app code from a thread without an event loop; a coroutine gets a loop of its own."""
    with use(invocation):
        result = function(*arguments)
        if inspect.iscoroutine(result):
            result = asyncio.run(_await(result))
        return result


async def _await(awaitable: Any) -> Any:
    return await awaitable
