"""What the log and callers are told while the database is away."""

from __future__ import annotations

import pytest

from mooring.errors import DatabaseAway
from mooring.testing.memory import MemoryLog
from mooring.web import outage as module
from mooring.web.outage import AGAIN_AFTER, Outage, come_again


def events(log: MemoryLog) -> list[str]:
    return [line.event for line in log.lines]


def test_each_change_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLED_AFTER", 0.0)
    log = MemoryLog()
    outage = Outage(log, "server")
    for _ in range(2):
        outage.is_over()
        outage.began(DatabaseAway("Refused."))
        outage.began(DatabaseAway("Refused."))
        outage.is_over()
        outage.is_over()
    assert events(log) == ["server.database_away", "server.database_back"] * 2


def test_what_still_answers_from_memory_ends_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLED_AFTER", 600.0)
    log = MemoryLog()
    outage = Outage(log, "server")
    for _ in range(3):
        outage.began(DatabaseAway("Refused."))
        outage.is_over()
    assert events(log) == ["server.database_away"]


def test_a_caller_is_told_when_to_come_again_and_nothing_of_the_inside() -> None:
    answer = come_again(DatabaseAway("10.0.0.7 refused.", where="postgresql://db.internal"))
    assert (answer.status, answer.headers.get("retry-after")) == (503, str(AGAIN_AFTER))
    assert "10.0.0.7" not in str(answer.body_json)
    assert "db.internal" not in str(answer.body_json)
