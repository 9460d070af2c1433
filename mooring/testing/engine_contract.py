"""What must every job engine do, whatever keeps its records? Inherit this in a test module.

A subclass (named ``Test…``) gives three fixtures: ``launch``, which makes an engine of ``executed``
on the place of the test and launches it, each time on the same place and as the same executor,
``launch_another``, which does so as another executor, and ``after``, which lets so many days pass
for the engine for as long as a block lasts.
"""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

import pytest

from mooring.engine.job_engine import JobEngine

SOON = 15.0  # seconds that anything may take
RUNS = 20

Launch: TypeAlias = Callable[[], JobEngine]
After: TypeAlias = Callable[[float], AbstractContextManager[object]]


class Executed:
    """An executor that notes its calls; waits and fails as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.ended: list[tuple[str, int]] = []
        self.errors: list[Exception] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, run_id: str, epoch: int) -> None:
        """Note the call, wait until ``go_on`` is set, and raise the next error if there is one."""
        self.calls.append((run_id, epoch))
        self.go_on.wait(SOON)
        if self.errors:
            raise self.errors.pop()
        self.ended.append((run_id, epoch))


def until(condition: Callable[[], object], *, seconds: float = SOON) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.005)


class EngineContract:
    """What is submitted is executed once, and again after a crash."""

    @pytest.fixture
    def executed(self) -> Executed:
        return Executed()

    def test_what_is_submitted_is_executed(self, launch: Launch, executed: Executed) -> None:
        engine = launch()
        engine.submit("r1", epoch=3)
        until(lambda: executed.ended == [("r1", 3)])
        until(lambda: engine.busy() == 0)

    def test_a_submission_made_twice_is_one(self, launch: Launch, executed: Executed) -> None:
        engine = launch()
        executed.go_on.clear()
        engine.submit("r1", epoch=0)
        engine.submit("r1", epoch=0)
        until(lambda: executed.calls)
        executed.go_on.set()
        until(lambda: engine.busy() == 0)
        engine.submit("r1", epoch=0)
        engine.submit("r1", epoch=1)
        until(lambda: len(executed.ended) == 2 and engine.busy() == 0)
        assert executed.calls == [("r1", 0), ("r1", 1)]

    def test_submitting_at_once_from_many_threads_is_one_submission(
        self, launch: Launch, executed: Executed
    ) -> None:
        engine = launch()
        threads = [
            threading.Thread(target=engine.submit, args=["r1"], kwargs={"epoch": 0})
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        until(lambda: executed.ended and engine.busy() == 0)
        assert executed.calls == [("r1", 0)]

    def test_a_submission_is_one_also_over_a_relaunch(
        self, launch: Launch, executed: Executed
    ) -> None:
        engine = launch()
        engine.submit("r1", epoch=1)
        until(lambda: executed.ended and engine.busy() == 0)
        engine.shutdown(timeout=5)
        again = launch()
        again.submit("r1", epoch=1)
        again.submit("r1", epoch=2)
        until(lambda: len(executed.ended) == 2 and again.busy() == 0)
        assert executed.calls == [("r1", 1), ("r1", 2)]

    def test_busy_counts_what_is_in_hand(self, launch: Launch, executed: Executed) -> None:
        engine = launch()
        assert engine.busy() == 0
        executed.go_on.clear()
        for number in range(3):
            engine.submit(f"r{number}", epoch=0)
        assert engine.busy() == 3
        executed.go_on.set()
        until(lambda: engine.busy() == 0)

    def test_runs_in_hand_do_not_wait_for_each_other(
        self, launch: Launch, executed: Executed
    ) -> None:
        engine = launch()
        executed.go_on.clear()
        for number in range(RUNS):
            engine.submit(f"r{number}", epoch=0)
        until(lambda: len(executed.calls) == RUNS)
        executed.go_on.set()
        until(lambda: len(executed.ended) == RUNS and engine.busy() == 0)

    def test_what_raised_can_be_submitted_again(self, launch: Launch, executed: Executed) -> None:
        engine = launch()
        executed.errors.append(RuntimeError("The database is away."))
        engine.submit("r1", epoch=0)
        until(lambda: executed.calls and engine.busy() == 0)

        def resubmitted() -> bool:
            engine.submit("r1", epoch=0)
            return len(executed.calls) > 1

        until(resubmitted)
        until(lambda: executed.ended and engine.busy() == 0)
        engine.submit("r1", epoch=0)
        assert executed.calls == [("r1", 0)] * 2

    def test_shutting_down_waits_for_what_is_in_hand(
        self, launch: Launch, executed: Executed
    ) -> None:
        engine = launch()
        executed.go_on.clear()
        engine.submit("r1", epoch=0)
        until(lambda: executed.calls)
        threading.Timer(0.1, executed.go_on.set).start()
        engine.shutdown(timeout=SOON)
        assert executed.ended == [("r1", 0)]

    def test_shutting_down_waits_no_longer_than_it_may(
        self, launch: Launch, executed: Executed
    ) -> None:
        engine = launch()
        executed.go_on.clear()
        engine.submit("r1", epoch=0)
        until(lambda: executed.calls)
        began = time.monotonic()
        engine.shutdown(timeout=0.2)
        assert 0.2 <= time.monotonic() - began < 5
        assert engine.busy() == 1
        engine.shutdown(timeout=0.2)

    def test_what_was_left_unfinished_is_executed_by_the_next_launch(
        self, launch: Launch, executed: Executed
    ) -> None:
        engine = launch()
        executed.go_on.clear()
        engine.submit("r1", epoch=4)
        until(lambda: executed.calls)
        engine.shutdown(timeout=0)
        again = launch()
        until(lambda: executed.calls == [("r1", 4)] * 2)
        assert again.busy() == 1
        executed.go_on.set()
        until(lambda: again.busy() == 0)

    def test_what_is_in_hand_is_unfinished_and_is_not_forgotten(
        self, launch: Launch, executed: Executed
    ) -> None:
        engine = launch()
        executed.go_on.clear()
        engine.submit("r1", epoch=2)
        until(lambda: executed.calls)
        found = engine.unfinished()
        [(run_id, epoch, whose)] = [(each.run_id, each.epoch, each.executor) for each in found]
        assert (run_id, epoch) == ("r1", 2)
        assert [each.identity for each in found] == [f"r1:2:{whose}"]
        engine.forget(found)
        assert engine.unfinished() == found
        executed.go_on.set()
        until(lambda: not engine.unfinished())
        assert executed.calls == executed.ended == [("r1", 2)]

    def test_what_hangs_in_the_hand_of_another_executor_can_be_submitted_all_the_same(
        self, launch: Launch, launch_another: Launch, executed: Executed
    ) -> None:
        hanging = launch()
        executed.go_on.clear()
        hanging.submit("r1", epoch=2)
        until(lambda: executed.calls)
        hanging.shutdown(timeout=0)  # Its records stay, and for all they tell it may live.
        another = launch_another()
        another.submit("r1", epoch=2)
        another.submit("r1", epoch=2)
        until(lambda: executed.calls == [("r1", 2)] * 2)
        assert another.busy() == 1
        left = another.unfinished()
        assert [(each.run_id, each.epoch) for each in left] == [("r1", 2)] * 2
        assert len({each.executor for each in left}) == 2
        executed.go_on.set()
        until(lambda: executed.ended == [("r1", 2)] * 2 and another.busy() == 0)

    def test_what_a_dead_executor_left_can_be_forgotten(
        self, launch: Launch, launch_another: Launch, executed: Executed
    ) -> None:
        dead = launch()
        executed.go_on.clear()
        dead.submit("r1", epoch=2)
        until(lambda: executed.calls)
        dead.shutdown(timeout=0)
        executed.go_on.set()
        until(lambda: dead.busy() == 0)
        another = launch_another()
        [left] = another.unfinished()
        another.forget([left])
        assert another.unfinished() == []
        launch()
        another.submit("r1", epoch=3)
        until(lambda: executed.ended == [("r1", 2), ("r1", 3)])
        assert executed.calls == [("r1", 2), ("r1", 3)], "nobody recovers what was forgotten"

    def test_what_ended_is_forgotten_after_a_day(
        self, launch: Launch, executed: Executed, after: After
    ) -> None:
        engine = launch()
        for number in range(3):
            engine.submit(f"r{number}", epoch=0)
        until(lambda: len(executed.ended) == 3 and engine.busy() == 0)
        assert engine.sweep() == 0

        def swept() -> int:
            # That it ended is written down after it is out of hand.
            with after(1.01):
                return engine.sweep()

        found = 0
        deadline = time.monotonic() + SOON
        while found < 3 and time.monotonic() < deadline:
            found += swept()
        assert found == 3

    def test_what_is_in_hand_is_not_swept(
        self, launch: Launch, executed: Executed, after: After
    ) -> None:
        engine = launch()
        executed.go_on.clear()
        engine.submit("r1", epoch=0)
        until(lambda: executed.calls)
        with after(2):
            assert engine.sweep() == 0
        executed.go_on.set()
        until(lambda: executed.ended and engine.busy() == 0)
