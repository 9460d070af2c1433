"""Which schedules are there after an upgrade?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mooring.engine.scheduler import delay, first_due
from mooring.engine.upgraded_schedules import upgraded_schedules
from mooring.model.manifest import JobEntry
from mooring.model.run import JobSchedule

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOON = datetime(2026, 11, 25, 13, tzinfo=UTC)


def job(cron: str | None, **more: Any) -> JobEntry:
    """Describe a job of a manifest."""
    return JobEntry(name="tidy", entry_point="Tidy", description="", cron=cron, **more)


def scheduled(cron: str, next_at: datetime | None = SOON, **more: Any) -> JobSchedule:
    """Describe a schedule as it stands."""
    return JobSchedule(7, "tidy", cron, next_at=next_at, **more)


def after(
    before: JobEntry | None, now: JobEntry | None, *present: JobSchedule
) -> list[JobSchedule]:
    """Return what is scheduled after an upgrade."""
    return upgraded_schedules(
        7,
        present,
        before={"tidy": before} if before else {},
        after={"tidy": now} if now else {},
        now=NOW,
    )


def test_a_new_job_gets_the_manifests_cron() -> None:
    (added,) = after(None, job("0 18 * * *", timezone="UTC"))
    assert (added.cron, added.next_at) == ("0 18 * * *", datetime(2026, 11, 25, 18, tzinfo=UTC))


def test_a_changed_cron_is_followed() -> None:
    (changed,) = after(job("0 13 * * *"), job("0 14 * * *"), scheduled("0 13 * * *"))
    assert (changed.cron, changed.next_at) == (
        "0 14 * * *",
        datetime(2026, 11, 25, 14, tzinfo=UTC),
    )


def test_an_unchanged_cron_keeps_its_next_time() -> None:
    unchanged = scheduled("0 13 * * *")
    assert after(job("0 13 * * *"), job("0 13 * * *"), unchanged) == [unchanged]


def test_what_the_installation_chose_by_itself_stays() -> None:
    own = scheduled("*/5 * * * *")
    assert after(job("0 13 * * *"), job("0 14 * * *"), own) == [own]
    assert after(job(None), job(None), own) == [own]


def test_what_was_switched_off_stays_off() -> None:
    off = scheduled("0 13 * * *", None)
    assert after(job("0 13 * * *"), job("0 14 * * *"), off) == [off]


def test_what_a_hook_chose_for_a_new_job_stays() -> None:
    own = scheduled("*/5 * * * *")
    assert after(None, job("0 14 * * *"), own) == [own]


def test_the_policies_are_those_of_the_new_manifest() -> None:
    new = job("0 13 * * *", overlap="queue", missed="skip", parameters={"full": True})
    (kept,) = after(job("0 13 * * *"), new, scheduled("*/5 * * * *"))
    assert kept == scheduled(
        "*/5 * * * *", overlap="queue", missed="skip", parameters={"full": True}
    )


def test_a_job_without_cron_any_more_has_no_schedule() -> None:
    assert after(job("0 13 * * *"), job(None), scheduled("0 13 * * *")) == []


def test_a_job_that_is_gone_has_no_schedule() -> None:
    assert after(job("0 13 * * *"), None, scheduled("*/5 * * * *")) == []


def test_a_new_jitter_moves_a_schedule_within_its_due_time() -> None:
    wide = job("0 13 * * *", jitter=3600)
    (moved,) = after(job("0 13 * * *"), wide, scheduled("0 13 * * *"))
    assert moved.jitter == 3600
    assert moved.next_at == first_due(moved, NOW) == SOON + delay(moved)
    (back,) = after(wide, job("0 13 * * *"), moved)
    assert back == scheduled("0 13 * * *")


def test_a_new_jitter_also_spreads_what_the_installation_chose_by_itself() -> None:
    own = scheduled("*/5 * * * *")
    (spread,) = after(job("0 13 * * *"), job("0 13 * * *", jitter=3600), own)
    assert spread.next_at == SOON + delay(spread)
    off = scheduled("*/5 * * * *", None)
    assert after(job(None), job(None, jitter=9), off) == [replace(off, jitter=9)]
