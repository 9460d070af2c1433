"""Every engine passes the one contract: DBOS on SQLite and on PostgreSQL, and the one in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from mooring.adapters.dbos_engine import DbosEngine
from mooring.engine.job_engine import JobEngine
from mooring.testing.engine_contract import After, EngineContract, Executed, Launch, until
from mooring.testing.memory_engine import EngineRecords, MemoryEngine


def launcher(make: Callable[[], JobEngine], executed: Executed) -> Iterator[Launch]:
    """Launch engines; what was launched is shut down in the end."""
    started: list[JobEngine] = []

    def launched() -> JobEngine:
        engine = make()
        started.append(engine)
        engine.launch()
        return engine

    yield launched
    executed.go_on.set()
    for engine in started:
        engine.shutdown(timeout=5)
    until(lambda: not any(engine.busy() for engine in started))


class Travelling(EngineContract):
    """Lets days pass by moving this process's clock."""

    @pytest.fixture
    def after(self) -> After:
        def days(count: float) -> AbstractContextManager[object]:
            return time_machine.travel(datetime.now(UTC) + timedelta(days=count))

        return days


class TestDbosEngine(Travelling):
    @pytest.fixture(params=["sqlite", "postgresql"])
    def place(self, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
        """Where an engine keeps its records, once of each kind."""
        if request.param == "sqlite":
            return {"file": tmp_path / "engine.sqlite"}
        return {"database_url": request.getfixturevalue("postgresql_url")}

    @pytest.fixture
    def launch(self, place: dict[str, Any], executed: Executed) -> Iterator[Launch]:
        yield from launcher(lambda: DbosEngine(executed, executor="home", **place), executed)

    @pytest.fixture
    def launch_another(self, place: dict[str, Any], executed: Executed) -> Iterator[Launch]:
        yield from launcher(lambda: DbosEngine(executed, executor="another", **place), executed)


class TestMemoryEngine(Travelling):
    @pytest.fixture
    def records(self) -> EngineRecords:
        return EngineRecords()

    @pytest.fixture
    def launch(self, records: EngineRecords, executed: Executed) -> Iterator[Launch]:
        yield from launcher(lambda: MemoryEngine(executed, records=records), executed)

    @pytest.fixture
    def launch_another(self, records: EngineRecords, executed: Executed) -> Iterator[Launch]:
        def make() -> JobEngine:
            return MemoryEngine(executed, executor="another", records=records)

        yield from launcher(make, executed)
