"""A clock whose waits end when the run does."""

import threading
import time

import pytest

from mooring.adapters.clock import SystemClock
from mooring.adapters.interruptible_clock import InterruptibleClock, interruptible
from mooring.sdk.context import current, use
from mooring.sdk.interruption import Interrupted, Interruption
from mooring.testing.clock import START, FakeClock
from mooring.testing.memory import MemoryApp, memory_app


def test_it_waits_as_long_as_it_is_told() -> None:
    began = time.monotonic()
    InterruptibleClock(SystemClock(), Interruption()).sleep(0.05)
    assert time.monotonic() - began >= 0.05


def test_it_shows_the_time_of_the_clock_that_it_is_made_of() -> None:
    assert InterruptibleClock(FakeClock(), Interruption()).now() == START


def test_a_wait_ends_when_the_run_is_told_to() -> None:
    interruption = Interruption()
    threading.Timer(0.05, interruption.tell).start()
    with pytest.raises(Interrupted):
        InterruptibleClock(SystemClock(), interruption).sleep(600)


def test_a_run_that_was_told_to_end_has_no_services_any_more() -> None:
    app: MemoryApp = memory_app()
    interruption = Interruption()
    with use(interruptible(app.invocation, interruption)):
        assert current().services.kv_store is app.invocation.services.kv_store
        interruption.tell()
        with pytest.raises(Interrupted):
            current()
