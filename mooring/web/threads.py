"""In which threads does work run that blocks, and how many are there at most?

They are daemons: a function that never returns must not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Threads:
    """Up to ``most`` threads, started as they are needed, that share one queue."""

    def __init__(self, name: str, *, most: int) -> None:
        self._name = name
        self._most = most
        self._queue: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started = 0
        self._turn = threading.Lock()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Let a thread do the work; a future that is cancelled before it begins never does."""
        future: Future[T] = Future()
        self.start(partial(_carry_out, future, work))
        return future

    def start(self, work: Callable[[], object]) -> None:
        """Let a thread do work that raises nothing and tells its end by itself."""
        self._queue.put(work)
        if not self._idle.acquire(blocking=False):
            self._start_another()

    async def run(self, work: Callable[[], T]) -> T:
        """Await the work."""
        return await asyncio.wrap_future(self.submit(work))

    def close(self) -> None:
        """Let the threads end, each after the work in its hands."""
        with self._turn:
            for _ in range(self._started):
                self._queue.put(None)

    def _start_another(self) -> None:
        with self._turn:
            if self._started < self._most:
                self._started += 1
                name = f"{self._name}-{self._started}"
                threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            work()
            del work
            self._idle.release()


class LoopThreads(ThreadPoolExecutor):
    """What an event loop runs `asyncio.to_thread` with, on threads of ours.

    The loop wants this class, whose own threads are waited for when the process ends.
    """

    def __init__(self, *, most: int) -> None:
        super().__init__(max_workers=1)
        self._threads_of_ours = Threads("loop", most=most)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let a thread make the call."""
        return self._threads_of_ours.submit(partial(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end, without waiting for them."""
        self._threads_of_ours.close()


def _carry_out(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  # belongs to whoever waits for the work
        future.set_exception(error)
    else:
        future.set_result(result)
