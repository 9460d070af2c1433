"""What a watcher is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from mooring.hosting.host import Host
from mooring.sdk.webhook import Response
from mooring.web.health import Health
from mooring.web.threads import Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads("test", most=1)
    yield threads
    threads.close()


def ready(host: Host, threads: Threads, jobs_run: Callable[[], bool] | None) -> Response:
    return asyncio.run(Health(host, threads=threads, jobs_run=jobs_run).ready())


@pytest.mark.parametrize(("jobs_run", "said"), [(None, "off"), (lambda: True, "ok")])
def test_a_host_with_its_parts_is_ready(
    host: Host, threads: Threads, jobs_run: Callable[[], bool] | None, said: str
) -> None:
    response = ready(host, threads, jobs_run)
    assert response.status == 200
    assert response.body_json == {"ready": True, "database": "ok", "jobs": said}


def test_without_its_job_process_it_is_not(host: Host, threads: Threads) -> None:
    response = ready(host, threads, lambda: False)
    assert response.status == 503
    assert response.body_json == {"ready": False, "database": "ok", "jobs": "down"}


def test_without_its_database_it_is_not(host: Host, threads: Threads) -> None:
    host.database.close()
    for file in host.home.path.glob("mooring.sqlite*"):
        file.unlink()
    host.home.database.mkdir()
    response = ready(host, threads, None)
    assert response.status == 503
    assert response.body_json["database"] == "down"
