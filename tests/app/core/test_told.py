"""What the people of an account hear of a synchronisation, and what they have heard already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from src.core.told import (
    MOST_KINDS,
    MOST_LISTED,
    OTHER_REASONS,
    SET_ASIDE,
    about_rejected,
    about_unread,
    note_refused,
)

REASON = "Brevo refused the values: SMS is not a number"
FINANCE = "Finance (5): The personal access token may not read project 5."


def noted(refused: Mapping[str, str]) -> dict[str, Any]:
    """Note refusals (address → reason) as a run does."""
    found: dict[str, Any] = {}
    for email, reason in refused.items():
        note_refused(found, email, reason)
    return found


def test_contacts_that_were_refused_are_told_with_the_reason_and_whose_they_are() -> None:
    (notice,), _ = about_rejected(noted({"b@x.de": REASON, "a@x.de": REASON}), held=0, told={})
    assert (notice.level, notice.title) == ("warn", "2 contacts could not be updated in Brevo")
    assert notice.summary == f"2 contacts: {REASON}. {SET_ASIDE}"
    assert notice.details == f"a@x.de: {REASON}\nb@x.de: {REASON}"


def test_reasons_come_by_how_many_they_concern_and_lists_end_somewhere() -> None:
    refused = {f"{n:03}@x.de": "Often." for n in range(MOST_LISTED)} | {"z@x.de": "Once."}
    (notice,), _ = about_rejected(noted(refused), held=0, told={})
    assert notice.summary.startswith(f"{MOST_LISTED} contacts: Often. 1 contact: Once.")
    assert (notice.details or "").endswith("\nand 1 more")


def test_what_a_run_notes_stays_small() -> None:
    refused = noted({f"{n:04}@x.de": f"Reason {n}." for n in range(1000)})
    assert len(refused["reasons"]) == MOST_KINDS + 1
    assert refused["reasons"][OTHER_REASONS] == 1000 - MOST_KINDS
    (notice,), _ = about_rejected(refused, held=0, told={})
    assert notice.title == "1000 contacts could not be updated in Brevo"


def test_the_same_contacts_with_the_same_reasons_are_told_once() -> None:
    refused = noted({"a@x.de": REASON})
    _, mark = about_rejected(refused, held=0, told={})
    assert about_rejected(refused, held=0, told={"rejected": mark}) == ([], mark)
    assert about_rejected(noted({"a@x.de": "Another."}), held=0, told={"rejected": mark})[0]


def test_that_nobody_is_refused_any_more_is_told_once() -> None:
    _, mark = about_rejected(noted({"a@x.de": REASON}), held=0, told={})
    assert about_rejected({}, held=1, told={"rejected": mark})[0] == []
    (notice,), mark = about_rejected({}, held=0, told={"rejected": mark})
    assert (notice.level, mark) == ("success", "")
    assert about_rejected({}, held=0, told={"rejected": mark}) == ([], "")
    assert about_rejected({}, held=0, told={}) == ([], "")


def test_a_project_out_of_reach_is_told_and_that_the_others_go_on() -> None:
    (notice,), _ = about_unread([FINANCE], what="project", told={})
    assert (notice.level, notice.title) == ("warn", "1 project could not be read")
    assert notice.summary == f"{FINANCE} The other projects were synchronised."
    assert notice.details is None


def test_several_projects_out_of_reach_are_listed() -> None:
    (notice,), _ = about_unread([FINANCE, "Old (6): gone"], what="project", told={})
    assert notice.title == "2 projects could not be read"
    assert notice.details == f"{FINANCE}\nOld (6): gone"


def test_projects_are_told_once_and_again_when_all_is_well() -> None:
    _, mark = about_unread([FINANCE], what="project", told={})
    assert about_unread([FINANCE], what="project", told={"project": mark}) == ([], mark)
    (notice,), _ = about_unread([], what="project", told={"project": mark})
    assert (notice.level, notice.title) == ("success", "All projects can be read again")
