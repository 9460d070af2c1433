"""How blocking work is done beside the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from mooring.web.threads import LoopThreads, Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads("test", most=2)
    yield threads
    threads.close()


def test_work_gives_its_result_or_its_error(threads: Threads) -> None:
    def fail() -> None:
        raise SystemExit(3)

    assert threads.submit(lambda: 7).result(5) == 7
    with pytest.raises(SystemExit):
        threads.submit(fail).result(5)
    assert asyncio.run(threads.run(lambda: 8)) == 8


def test_never_more_than_the_bound_work_at_once(threads: Threads) -> None:
    go, began = threading.Event(), threading.Semaphore(0)

    def wait() -> str:
        began.release()
        go.wait(5)
        return threading.current_thread().name

    futures = [threads.submit(wait) for _ in range(6)]
    assert began.acquire(timeout=5)
    assert began.acquire(timeout=5)
    assert not began.acquire(timeout=0.05)
    go.set()
    assert {future.result(5) for future in futures} == {"test-1", "test-2"}


def test_an_idle_thread_is_used_before_another_is_started() -> None:
    threads = Threads("few", most=10)
    names = set()
    for _ in range(5):
        names.add(threads.submit(lambda: threading.current_thread().name).result(5))
        threads.submit(lambda: None).result(5)
    threads.close()
    assert len(names) <= 2


def test_work_that_is_called_off_in_time_is_never_begun(threads: Threads) -> None:
    go = threading.Event()
    busy = [threads.submit(lambda: go.wait(5)) for _ in range(2)]
    begun: list[int] = []
    waiting = threads.submit(lambda: begun.append(1))
    assert waiting.cancel()
    go.set()
    for future in busy:
        future.result(5)
    threads.submit(lambda: None).result(5)
    assert begun == []


def test_a_thread_that_hangs_does_not_keep_the_process(threads: Threads) -> None:
    assert threads.submit(lambda: threading.current_thread().daemon).result(5)


def test_a_loop_awaits_calls_in_such_threads_and_ends_without_them() -> None:
    never = threading.Event()

    async def ask() -> str:
        asyncio.get_running_loop().set_default_executor(LoopThreads(most=2))
        hanging = asyncio.create_task(asyncio.to_thread(never.wait, 60))
        name = await asyncio.to_thread(lambda: threading.current_thread().name)
        hanging.cancel()
        return name

    began = time.monotonic()
    assert asyncio.run(ask()).startswith("loop-")
    assert time.monotonic() - began < 30
    never.set()
