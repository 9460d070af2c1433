"""When is something due that happens again and again?"""

from __future__ import annotations

import time

from mooring.working.intervals import Every


def test_it_is_due_at_once_and_then_every_so_many_seconds() -> None:
    every = Every(10)
    assert [every.is_due(at) for at in (5, 6, 14.9, 15, 24, 25)] == [
        *(True, False, False),
        *(True, False, True),
    ]


def test_what_was_missed_is_not_caught_up() -> None:
    every = Every(10)
    assert [every.is_due(at) for at in (0, 100, 101, 110)] == [True, True, False, True]


def test_it_may_be_due_for_the_first_time_only_later() -> None:
    every, now = Every(1000, at_once=False), time.monotonic()
    assert not every.is_due(now + 500)
    assert every.is_due(now + 2000)
