"""What does a worker say of trouble that passes by itself?"""

from __future__ import annotations

import pytest

from mooring.errors import Conflict
from mooring.testing.memory import MemoryLog
from mooring.working.trouble import Trouble


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def trouble(log: MemoryLog) -> Trouble:
    return Trouble(lambda level, event, **fields: log.log(level, event, fields))


def test_it_is_told_once_and_that_it_is_over_too(trouble: Trouble, log: MemoryLog) -> None:
    trouble.is_over()
    trouble.began(Conflict("The database is busy.", hint="Wait."))
    trouble.began(ValueError("the same, put otherwise"))
    trouble.is_over()
    trouble.is_over()
    trouble.began(ValueError("bad\nSELECT something"))
    assert [(line.event, line.fields) for line in log.lines] == [
        ("job.worker.trouble", {"error": "The database is busy. Wait."}),
        ("job.worker.trouble_over", {}),
        ("job.worker.trouble", {"error": "ValueError: bad"}),
    ]
