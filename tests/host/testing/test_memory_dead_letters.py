"""The shelf in memory does what every shelf does."""

from __future__ import annotations

import pytest

from mooring.testing.clock import FakeClock
from mooring.testing.dead_letter_contract import Ask, DeadLetterContract
from mooring.testing.memory_dead_letters import MemoryDeadLetters


class TestMemoryDeadLetters(DeadLetterContract):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def letters(self, clock: FakeClock) -> MemoryDeadLetters:
        return MemoryDeadLetters(clock)

    @pytest.fixture
    def others(self, clock: FakeClock) -> MemoryDeadLetters:
        return MemoryDeadLetters(clock, install_id=2)

    @pytest.fixture
    def ask(self, letters: MemoryDeadLetters) -> Ask:
        return letters.ask


def test_everything_is_seen_by_job_and_key() -> None:
    letters = MemoryDeadLetters(FakeClock())
    for job, key in (("tidy", "b"), ("tidy", "a"), ("sweep", "c")):
        letters.set_aside(job=job, run_id="r", key=key, record={}, reason="No.")
    assert [each.key for each in letters.all()] == ["c", "a", "b"]
