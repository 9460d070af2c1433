"""Meters never let more through in any window than the limit says."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.account.clock import Clock
from sandbox.account.meters import Meter, Window


@dataclass
class Stopped(Clock):
    """A clock that only moves when told."""

    at: float = 1000.0

    def timestamp(self) -> float:
        return self.at


def test_a_window_slides_and_never_holds_more_than_its_limit() -> None:
    clock = Stopped()
    meter = Meter(clock, Window(3, 10))
    let_in = []
    for _ in range(40):
        if meter.take("a").allowed:
            let_in.append(clock.at)
        clock.at += 1
    assert max(sum(t <= each < t + 10 for each in let_in) for t in let_in) == 3
    assert len(let_in) == 12


def test_the_longer_of_two_windows_holds_too() -> None:
    clock = Stopped()
    meter = Meter(clock, Window(2, 1), Window(5, 60))
    let_in = 0
    for _ in range(59):
        let_in += meter.take("a").allowed
        clock.at += 1
    assert let_in == 5


def test_a_reading_tells_the_tightest_window_and_the_wait() -> None:
    clock = Stopped()
    meter = Meter(clock, Window(2, 1), Window(100, 3600))
    meter.take("a")
    full = meter.take("a")
    refused = meter.take("a")
    assert (full.allowed, full.limit, full.remaining) == (True, 2, 0)
    assert (refused.allowed, refused.limit, refused.reset_seconds) == (False, 2, 1)


def test_credentials_do_not_share_a_meter() -> None:
    meter = Meter(Stopped(), Window(1, 60))
    assert meter.take("a").allowed
    assert meter.take("b").allowed
    assert not meter.take("a").allowed
