"""One sandbox process for the module's tests, as it is on every start before each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox.running import Running, running

SHOP = 20_000_000_001
MOBILE = 20_000_000_002
LEGACY = 20_000_000_003
CLASSIC = 20_000_000_004
CLOSED = 20_000_000_005


@pytest.fixture(scope="session")
def process() -> Iterator[Running]:
    with running() as started:
        yield started


@pytest.fixture
def sandbox(process: Running) -> Running:
    process.control("reset")
    return process


@pytest.fixture
def rest(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {sandbox.credentials['optimizely_token']}"}
    url = sandbox.info["optimizely_api"]
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def flags(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {sandbox.credentials['optimizely_token']}"}
    url = sandbox.info["optimizely_flags"]
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def brevo(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"api-key": sandbox.credentials["brevo_api_key"]}
    with httpx.Client(
        base_url=sandbox.info["brevo"], headers=headers, trust_env=False
    ) as client:
        yield client
