"""A run that was at hand whenever a worker died is tried alone, so that it takes no other along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy
from sqlalchemy import event

from mooring.adapters.database import Database
from mooring.adapters.repositories.runs import DueRun
from mooring.adapters.repositories.runs import Runs as StoredRuns
from mooring.working import dispatch
from mooring.working.dispatch import SUSPECT, Dispatch
from tests.host.adapters.repositories.some_runs import new

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass
class Engine:
    """Has in hand what was submitted until it is let go."""

    in_hand: list[str] = field(default_factory=list)

    def submit(self, run_id: str, *, epoch: int) -> None:
        self.in_hand.append(run_id)

    def busy(self) -> int:
        return len(self.in_hand)


@dataclass
class Runs:
    """Knows how many workers each run has cost, and which are due."""

    workers_lost: dict[str, int] = field(default_factory=dict)
    due: list[str] = field(default_factory=list)

    def get(self, run_id: str) -> Any:
        return SimpleNamespace(workers_lost=self.workers_lost.get(run_id, 0))

    def claimable(self, *, now: datetime, limit: int, without: object) -> list[DueRun]:
        return [DueRun(run_id, 0, 1, "sync") for run_id in self.due]

    def count_running(self, install_id: int, job: str) -> int:
        return 0


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def hands(engine: Engine, runs: Runs) -> Dispatch:
    host = SimpleNamespace(runs=runs, jobs=SimpleNamespace(limit=lambda run: None))
    return Dispatch(cast(Any, host), engine=cast(Any, engine), room=2)


def test_a_suspect_waits_until_the_others_have_made_way(hands: Dispatch, engine: Engine) -> None:
    assert hands.hand("one", 1)
    assert not hands.makes_way("one")
    assert not hands.hand("suspect", 3, cost=SUSPECT)
    assert hands.makes_way("one")
    assert not hands.makes_way("suspect")
    assert not hands.hand("two", 1), "nobody takes the place that the suspect waits for"
    engine.in_hand.clear()
    assert hands.hand("suspect", 3, cost=SUSPECT)
    assert not hands.makes_way("suspect")


def test_it_waits_also_where_every_place_is_taken(hands: Dispatch) -> None:
    assert hands.hand("one", 1)
    assert hands.hand("two", 1)
    assert not hands.hand("suspect", 3, cost=SUSPECT)
    assert hands.makes_way("one")
    assert hands.makes_way("two")


def test_others_come_in_when_it_has_got_on(hands: Dispatch, runs: Runs) -> None:
    runs.workers_lost["suspect"] = SUSPECT
    assert hands.hand("suspect", 3, cost=SUSPECT)
    hands.hand_over(NOW)
    assert not hands.hand("one", 1)
    runs.workers_lost["suspect"] = 0
    hands.hand_over(NOW)
    assert hands.hand("one", 1)


def test_others_come_in_when_it_has_gone(hands: Dispatch, runs: Runs, engine: Engine) -> None:
    runs.workers_lost["suspect"] = SUSPECT
    assert hands.hand("suspect", 3, cost=SUSPECT)
    engine.in_hand.clear()
    hands.hand_over(NOW)
    assert hands.hand("one", 1)


def test_suspects_are_tried_one_after_another(hands: Dispatch, runs: Runs) -> None:
    runs.workers_lost = {"first": SUSPECT, "second": SUSPECT}
    assert hands.hand("first", 3, cost=SUSPECT)
    assert not hands.hand("second", 3, cost=SUSPECT)
    hands.hand_over(NOW)
    assert not hands.makes_way("first"), "it is being tried"
    runs.workers_lost["first"] = 0
    hands.hand_over(NOW)
    assert hands.makes_way("first"), "now it is one like all others"


def test_nobody_makes_way_for_what_another_worker_took(
    hands: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hands.hand("one", 1)
    assert not hands.hand("suspect", 3, cost=SUSPECT)
    monkeypatch.setattr(dispatch, "WAITS_FOR", 0.0)
    assert not hands.makes_way("one")
    assert hands.hand("two", 1)


def test_a_run_that_cost_one_worker_runs_among_the_others(hands: Dispatch) -> None:
    assert hands.hand("one", 1)
    assert hands.hand("two", 2, cost=1)


def test_what_was_left_behind_comes_before_what_has_not_begun(
    hands: Dispatch, runs: Runs, engine: Engine
) -> None:
    runs.due = ["one", "two", "three"]
    hands.kept_free = 1
    hands.hand_over(NOW)
    assert engine.in_hand == ["one"]
    hands.hand_over(NOW)
    assert hands.hand("left behind", 2)
    assert engine.in_hand == ["one", "left behind"]
    engine.in_hand.clear()
    hands.kept_free = 0
    hands.hand_over(NOW)
    assert engine.in_hand == ["two", "three"]


def test_a_job_whose_places_are_taken_keeps_no_other_from_its_own_however_many_of_it_wait(
    database: Database, engine: Engine
) -> None:
    stored = StoredRuns(database)
    with database.write():
        backlog = [new(stored, "one at a time", at=NOW).run_id for _ in range(1000)]
        other = new(stored, "often", at=NOW + timedelta(seconds=1)).run_id
    later = NOW + timedelta(minutes=1)
    host = SimpleNamespace(
        runs=stored, jobs=SimpleNamespace(limit=lambda run: 1 if run.job != "often" else None)
    )
    dispatched = Dispatch(cast(Any, host), engine=cast(Any, engine), room=4)
    with counted_queries() as queries:
        dispatched.hand_over(later)
    assert len(engine.in_hand) == 2
    assert engine.in_hand[0] in backlog
    assert engine.in_hand[1] == other
    stored.take(engine.in_hand[0], worker="w", now=later, limit=1)
    stored.take(other, worker="w", now=later)
    engine.in_hand.clear()
    another = new(stored, "often", at=later).run_id
    dispatched.hand_over(later)
    assert engine.in_hand == [another]
    assert len(queries) <= 4, "a turn comes with every notification"


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Give what is asked of databases in the block."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if " runs" in sql:
            asked.append(sql)

    event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(sqlalchemy.Engine, "before_cursor_execute", note)
