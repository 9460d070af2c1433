"""Announcements name what is concerned."""

from __future__ import annotations

from typing import Any

import pytest

from src.core.settings import Connection
from src.core.webhook import (
    Announcement,
    AnnouncementInvalid,
    concerned,
    is_covered,
    read_announcement,
)

PUBLISHED: dict[str, Any] = {
    "project_id": 20000000001,
    "timestamp": 1767225600,
    "event": "project.datafile_updated",
    "data": {
        "revision": 42,
        "origin_url": "https://origin.example.test/datafiles/SDKKEYprod1.json",
        "cdn_url": "https://cdn.example.test/datafiles/SDKKEYprod1.json",
        "environment": "Production",
    },
}
PRODUCTION = Connection("20000000001", "Shop", "production", "SDKKEYprod1")
STAGING = Connection("20000000001", "Shop", "staging", "SDKKEYstage1")
OTHER = Connection("20000000002", "Mobile", "production", "SDKKEYprod2")
ALL = (PRODUCTION, STAGING, OTHER)


def test_a_published_datafile_names_its_revision_and_sdk_key() -> None:
    announcement = read_announcement(PUBLISHED)
    assert announcement == Announcement(
        "project.datafile_updated", "20000000001", "SDKKEYprod1", 42
    )
    assert concerned(announcement, ALL) == (PRODUCTION,)


@pytest.mark.parametrize("data", [None, [], {}, [{"id": 1}], {"revision": "soon", "cdn_url": 1}])
def test_without_details_every_environment_of_the_project_is_concerned(data: Any) -> None:
    announcement = read_announcement({**PUBLISHED, "data": data})
    assert announcement.revision is None
    assert concerned(announcement, ALL) == (PRODUCTION, STAGING)


def test_another_event_concerns_the_whole_project() -> None:
    announcement = read_announcement({**PUBLISHED, "event": "project.flag_changed"})
    assert concerned(announcement, ALL) == (PRODUCTION, STAGING)


def test_a_project_that_is_not_connected_concerns_nothing() -> None:
    assert concerned(read_announcement({**PUBLISHED, "project_id": "9"}), ALL) == ()


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"project_id": True, "event": "x"}, {"project_id": 1}]
)
def test_what_is_no_webhook_of_optimizely_is_refused(body: Any) -> None:
    with pytest.raises(AnnouncementInvalid):
        read_announcement(body)


@pytest.mark.parametrize(
    ("waiting", "covered"),
    [
        ([], False),
        ([{}], True),
        ([{"stages": ["push"]}], False),
        ([{"stages": ["contacts"]}, {"stages": ["catalogue", "flags", "push"]}], True),
    ],
)
def test_a_run_that_waits_covers_the_stages_it_does(
    waiting: list[dict[str, Any]], covered: bool
) -> None:
    assert is_covered(("flags", "push"), waiting) is covered
