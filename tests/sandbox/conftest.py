"""Clients with credentials for each of the sandbox's services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from sandbox.running import Running


@pytest.fixture(scope="session")
def clients(sandbox_process: Running) -> Iterator[dict[str, httpx.Client]]:
    """One client with credentials per API; making them costs more than most tests."""
    bearer = {"authorization": f"Bearer {sandbox_process.credentials['optimizely_token']}"}
    key = {"api-key": sandbox_process.credentials["brevo_api_key"]}
    headers = {"optimizely_api": bearer, "optimizely_flags": bearer, "brevo": key}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                httpx.Client(base_url=sandbox_process.info[name], headers=given, trust_env=False)
            )
            for name, given in headers.items()
        }


@pytest.fixture
def rest(sandbox: Running, clients: dict[str, httpx.Client]) -> httpx.Client:
    return clients["optimizely_api"]


@pytest.fixture
def flags(sandbox: Running, clients: dict[str, httpx.Client]) -> httpx.Client:
    return clients["optimizely_flags"]


@pytest.fixture
def brevo(sandbox: Running, clients: dict[str, httpx.Client]) -> httpx.Client:
    return clients["brevo"]
