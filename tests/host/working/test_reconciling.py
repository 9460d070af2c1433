"""Do the engine's records agree with our rows?"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext

import pytest

from mooring.testing.engine_contract import Executed, until
from mooring.testing.memory_engine import EngineRecords, MemoryEngine
from mooring.working.reconciling import forget_left_behind


class Some:
    """The locks of workers, of whom some are dead."""

    is_held = True

    def __init__(self, *dead: str) -> None:
        self._dead = frozenset(dead)

    def free(self, names: Collection[str]) -> AbstractContextManager[frozenset[str]]:
        return nullcontext(self._dead & frozenset(names))


@pytest.fixture
def records() -> EngineRecords:
    return EngineRecords()


@pytest.fixture
def executed() -> Executed:
    return Executed()


@pytest.fixture
def mine(records: EngineRecords, executed: Executed) -> MemoryEngine:
    engine = MemoryEngine(executed, executor="me", records=records)
    engine.launch()
    return engine


@pytest.fixture
def left(records: EngineRecords, executed: Executed) -> None:
    """Another worker had a run in hand when it died."""
    executed.go_on.clear()
    theirs = MemoryEngine(executed, executor="them", records=records)
    theirs.launch()
    theirs.submit("r1", epoch=3)
    theirs.shutdown(timeout=0)
    executed.go_on.set()
    until(lambda: theirs.busy() == 0)
    executed.ended.clear()


@pytest.mark.usefixtures("left")
def test_what_a_dead_worker_left_is_forgotten(mine: MemoryEngine, executed: Executed) -> None:
    assert forget_left_behind(mine, locks=Some("them"), name="me") == 1
    assert mine.unfinished() == []
    mine.submit("r1", epoch=3)
    until(lambda: executed.ended == [("r1", 3)])
    assert forget_left_behind(mine, locks=Some("them"), name="me") == 0


@pytest.mark.usefixtures("left")
def test_what_a_live_worker_has_is_kept(mine: MemoryEngine) -> None:
    assert forget_left_behind(mine, locks=Some(), name="me") == 0
    assert [each.run_id for each in mine.unfinished()] == ["r1"]


def test_what_is_in_our_own_hand_is_kept(mine: MemoryEngine, executed: Executed) -> None:
    executed.go_on.clear()
    mine.submit("r1", epoch=0)
    assert forget_left_behind(mine, locks=Some("me"), name="me") == 0
    assert [each.executor for each in mine.unfinished()] == ["me"]
    executed.go_on.set()
    until(lambda: mine.busy() == 0)
