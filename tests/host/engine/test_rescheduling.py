"""A schedule of an installation's own: set, switched off, and back to the manifest's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.engine.installation_services import InstallationJobs
from mooring.engine.scheduler import delay
from mooring.engine.upgraded_schedules import upgraded_schedules
from mooring.errors import NotFound, ScheduleInvalid
from mooring.model.installation import Installation
from mooring.model.manifest import JobEntry, Manifest, Meta
from mooring.model.run import JobSchedule
from mooring.sdk import jobs as sdk_jobs
from mooring.testing.clock import START
from mooring.testing.memory import MemoryApp

HOUR = timedelta(hours=1)
SYNC = JobEntry(
    name="sync",
    entry_point="Sync",
    description="",
    cron="0 9 * * *",
    timezone="Europe/Zurich",
    overlap="queue",
    missed="skip",
    parameters={"full": True},
)
BARE = JobEntry(name="bare", entry_point="Bare", description="")
META = Meta(
    *("shop", "Shop", "1.0.0", "acme", "https://acme.example", "A shop.", "shop@acme.example"),
    categories=("Commerce Platform",),
    availability=("all",),
)


@pytest.fixture
def jobs(
    installation: Installation, runs: Runs, schedules: Schedules, memory_app: MemoryApp
) -> InstallationJobs:
    manifest = Manifest(meta=META, runtime="python3.11", jobs={"sync": SYNC, "bare": BARE})
    return InstallationJobs(
        installation, manifest, runs=runs, schedules=schedules, clock=memory_app.clock
    )


def kept(schedules: Schedules, installation: Installation, job: str = "sync") -> JobSchedule:
    found = schedules.get(installation.install_id, job)
    assert found is not None
    return found


def test_an_installation_has_a_cron_and_a_zone_of_its_own(
    jobs: InstallationJobs, schedules: Schedules, installation: Installation
) -> None:
    next_at = jobs.reschedule("sync", "30 5 * * *", timezone="Asia/Kathmandu")
    assert next_at == START + timedelta(hours=23, minutes=45)
    own = kept(schedules, installation)
    assert (own.cron, own.timezone, own.next_at) == ("30 5 * * *", "Asia/Kathmandu", next_at)
    assert (own.overlap, own.missed, own.parameters) == ("queue", "skip", {"full": True})


def test_what_is_only_reckoned_changes_nothing(
    jobs: InstallationJobs, schedules: Schedules, installation: Installation
) -> None:
    next_at = jobs.reckoned("sync", "30 5 * * *", "Asia/Kathmandu")
    assert next_at == START + timedelta(hours=23, minutes=45)
    assert jobs.reckoned("sync", None, "UTC") is None
    assert jobs.reckoned("bare", sdk_jobs.MANIFEST, "UTC") is None
    with pytest.raises(ScheduleInvalid):
        jobs.reckoned("sync", "61 * * * *", "UTC")
    with pytest.raises(NotFound):
        jobs.reckoned("other", None, "UTC")
    assert schedules.of(installation.install_id) == []


def test_none_switches_it_off(
    jobs: InstallationJobs, schedules: Schedules, installation: Installation
) -> None:
    jobs.reschedule("sync", "30 5 * * *")
    assert jobs.reschedule("sync", None) is None
    assert kept(schedules, installation).next_at is None


def test_it_goes_back_to_the_manifests_own_and_then_follows_upgrades(
    jobs: InstallationJobs, schedules: Schedules, installation: Installation
) -> None:
    jobs.reschedule("sync", None)
    assert jobs.reschedule("sync", sdk_jobs.MANIFEST) == START + 8 * HOUR
    own = kept(schedules, installation)
    assert (own.cron, own.timezone) == (SYNC.cron, SYNC.timezone)
    later = {"sync": replace(SYNC, cron="0 10 * * *")}
    [upgraded] = upgraded_schedules(
        installation.install_id, [own], before={"sync": SYNC}, after=later, now=START
    )
    assert upgraded.next_at == START + 9 * HOUR


def test_back_to_a_manifest_without_cron_is_no_schedule(
    jobs: InstallationJobs, schedules: Schedules, installation: Installation
) -> None:
    jobs.reschedule("bare", "0 * * * *")
    assert jobs.reschedule("bare", sdk_jobs.MANIFEST) is None
    assert schedules.of(installation.install_id) == []


def test_the_same_cron_again_does_not_lose_a_time_that_is_due_this_moment(
    jobs: InstallationJobs, memory_app: MemoryApp
) -> None:
    assert jobs.reschedule("sync", "0 * * * *") == START + HOUR
    memory_app.clock.advance(3600)
    assert jobs.reschedule("sync", "0 * * * *") == START + HOUR
    assert jobs.reschedule("sync", "0 * * * *", timezone="Asia/Kathmandu") == START + 1.25 * HOUR


def test_jitter_is_part_of_the_next_time(
    installation: Installation, runs: Runs, schedules: Schedules, memory_app: MemoryApp
) -> None:
    spread = Manifest(meta=META, runtime="python3.11", jobs={"sync": replace(SYNC, jitter=600)})
    jobs = InstallationJobs(
        installation, spread, runs=runs, schedules=schedules, clock=memory_app.clock
    )
    next_at = jobs.reschedule("sync", "30 * * * *")
    assert next_at == START + HOUR / 2 + delay(kept(schedules, installation))


def test_what_cannot_be_read_or_is_no_job_changes_nothing(
    jobs: InstallationJobs, schedules: Schedules, installation: Installation
) -> None:
    with pytest.raises(ScheduleInvalid):
        jobs.reschedule("sync", "nonsense")
    with pytest.raises(ScheduleInvalid):
        jobs.reschedule("sync", "0 * * * *", timezone="Mars/Olympus")
    with pytest.raises(NotFound, match="It has: bare, sync"):
        jobs.reschedule("nothing", None)
    assert schedules.of(installation.install_id) == []
