"""How far a sync is, stage by stage, as whoever waits for it sees it."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.sdk import JobStatus, Progress
from scripts.local_services import MOBILE, SHOP
from src.jobs.progress import progress_of


def state(*stages: str, position: Any = None, read_now: bool = True, **report: Any) -> Any:
    return {
        "stages": list(stages),
        "position": position or {},
        "read_now": read_now,
        "report": report,
    }


@pytest.mark.parametrize(
    ("stands", "shown"),
    [
        (state("contacts"), Progress(0, None, "contacts", "reading Brevo's contacts")),
        (
            state("contacts", position={"total": 2500}, contacts={"read": 1000}),
            Progress(1000, 2500, "contacts", "reading Brevo's contacts"),
        ),
        (
            state("contacts", position={"forget_after": ""}, contacts={"read": 2500}),
            Progress(2500, 2500, "contacts", "forgetting those who are gone from Brevo"),
        ),
        (
            state("catalogue", position={"todo": [["1", True]], "chosen": 3}, catalogue={}),
            Progress(2, 3, "projects", "reading Optimizely's catalogue"),
        ),
        (
            state("flags", contacts={"read": 2500}, flags={"contacts": 500}),
            Progress(500, 2500, "contacts", "deciding flags"),
        ),
        (
            state("flags", read_now=False, flags={"contacts": 500}),
            Progress(500, None, "contacts", "deciding flags"),
        ),
        (
            state(
                "push",
                position={"phase": "plan"},
                contacts={"read": 2500},
                push={"changed": 400, "unchanged": 100},
            ),
            Progress(500, 2500, "contacts", "comparing with what was written"),
        ),
        (
            state(
                "push",
                position={"phase": "update"},
                push={"changed": 400, "unchanged": 100, "written": 49, "rejected": 1},
            ),
            Progress(50, 400, "changes", "writing to Brevo"),
        ),
        (state(push={"changed": 4, "written": 3, "rejected": 1}), Progress(4, 4, "changes")),
        (state(catalogue={"projects": 2}), Progress(1, 1, "stages")),
        (state(), Progress(0, 0, "stages")),
    ],
)
def test_each_stage_counts_what_it_works_through(stands: Any, shown: Progress) -> None:
    assert progress_of(stands) == shown


def test_a_sync_tells_after_every_step_how_far_it_is(connected: Any) -> None:
    connected.set_up((SHOP, "production"), (MOBILE, "production"))
    job, told = connected.job(), list[Progress]()
    status = job.prepare({})
    while not status.complete:
        status = job.perform(JobStatus(status.state))
        told.append(status.progress)
    reading = [each for each in told if each.message == "reading Brevo's contacts"]
    assert {each.total for each in reading if each.done} == {2000}
    deciding = [each.done for each in told if each.message == "deciding flags" and each.total]
    assert deciding == sorted(deciding)
    assert told[-1] == Progress(2000, 2000, "changes")
