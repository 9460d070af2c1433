"""Which fixtures does an app's test suite get? One installation in memory, in force; its jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mooring.sdk.context import AppContext, Invocation, use
from mooring.testing.memory import MemoryApp
from mooring.testing.memory import memory_app as make_memory_app
from mooring.testing.run_job import RunJob


@pytest.fixture
def memory_app() -> Iterator[MemoryApp]:
    """Give the in-memory services of an installation on whose behalf the test runs."""
    app = make_memory_app()
    with use(app.invocation):
        yield app


@pytest.fixture
def invocation(memory_app: MemoryApp) -> Invocation:
    """Give the call on whose behalf the test runs."""
    return memory_app.invocation


@pytest.fixture
def app_context(invocation: Invocation) -> AppContext:
    """Give which app, version and installation the test runs for."""
    return invocation.app


@pytest.fixture
def run_job(invocation: Invocation) -> RunJob:
    """Give what runs a job of the app to its end: ``run_job(ImportOrders, {"since": 1})``."""
    return RunJob(invocation)
