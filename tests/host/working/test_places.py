"""Runs that would find no place are not submitted, as far as one worker can tell."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.adapters.repositories.runs import DueRun
from mooring.working.places import Places


class Jobs:
    """Runs of each job that are running already; how often each was counted."""

    def __init__(self, running: Mapping[str, int] | None = None) -> None:
        self.running = running or {}
        self.asked: list[tuple[int, str]] = []

    def count(self, install_id: int, job: str) -> int:
        self.asked.append((install_id, job))
        return self.running.get(job, 0)

    def places(self, limit: int | None) -> Places:
        return Places(lambda run: limit, self.count)


def run(job: str = "sync", *, install_id: int = 1) -> DueRun:
    return DueRun("r", 0, install_id, job)


def test_as_many_take_a_place_as_the_limit_leaves_beside_those_that_run() -> None:
    places = Jobs({"sync": 1}).places(3)
    assert [places.take(run()) for _ in range(4)] == [True, True, False, False]


def test_jobs_without_a_limit_always_have_a_place_and_are_not_counted() -> None:
    jobs = Jobs({"sync": 1000})
    places = jobs.places(None)
    assert all(places.take(run()) for _ in range(10))
    assert jobs.asked == []


def test_a_job_is_full_as_soon_as_its_last_place_is_taken() -> None:
    places = Jobs({"sync": 1}).places(2)
    assert places.full == frozenset()
    assert places.take(run())
    assert places.full == {(1, "sync")}


def test_every_job_of_every_installation_has_places_of_its_own_and_is_counted_once() -> None:
    jobs = Jobs()
    places = jobs.places(1)
    each = [("sync", 1), ("sync", 2), ("clean", 1)]
    assert [places.take(run(job, install_id=of)) for job, of in each * 2] == [
        *(True, True, True),
        *(False, False, False),
    ]
    assert jobs.asked == [(of, job) for job, of in each]
