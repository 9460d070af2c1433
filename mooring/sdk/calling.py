"""Is code ``def`` or ``async def``, and may a plain call block here?

App code may be either. Plain service calls block their thread, so on a running event loop they
are refused; every one has an awaitable twin that runs the same call in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from mooring.errors import LoopBlocked

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

MaybeAwaitable: TypeAlias = T | Awaitable[T]
"""What a method that may be ``def`` or ``async def`` gives back."""


def refuse_on_loop(call: str) -> None:
    """Check that ``call`` (``odp.customer``) may block. Raises LoopBlocked naming its twin."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    service, _, method = call.rpartition(".")
    twin = f"{service}.a{method}" if service else f"a{method}"
    raise LoopBlocked(
        f"{call}() would block the event loop.", hint=f"In a coroutine, use `await {twin}(...)`."
    )


def awaitable(
    method: Callable[Concatenate[S, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make the awaitable twin of a method that blocks: the same call in a thread."""

    @wraps(method)
    async def twin(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(method, self, *args, **kwargs)

    twin.__name__ = f"a{method.__name__}"
    twin.__qualname__ = method.__qualname__.removesuffix(method.__name__) + twin.__name__
    twin.__doc__ = f"Await ``{method.__name__}``."
    return twin
