"""What the people of an account hear of a synchronisation, and what they have heard already."""

from __future__ import annotations

from src.core.told import MOST_LISTED, about_rejected, about_unread

REASON = "Brevo refused the values: SMS is not a number"
FINANCE = "Finance (5): The personal access token may not read project 5."


def test_contacts_that_were_refused_are_told_with_the_reason_and_whose_they_are() -> None:
    (notice,), _ = about_rejected({"b@x.de": REASON, "a@x.de": REASON}, told={})
    assert (notice.level, notice.title) == ("warn", "2 contacts could not be updated in Brevo")
    assert notice.summary.startswith(f"2 contacts: {REASON}. They are tried again")
    assert notice.details == f"a@x.de: {REASON}\nb@x.de: {REASON}"


def test_reasons_come_by_how_many_they_concern_and_lists_end_somewhere() -> None:
    refused = {f"{n:03}@x.de": "Often." for n in range(MOST_LISTED)} | {"z@x.de": "Once."}
    (notice,), _ = about_rejected(refused, told={})
    assert notice.summary.startswith(f"{MOST_LISTED} contacts: Often. 1 contact: Once.")
    assert (notice.details or "").endswith("\nand 1 more")


def test_the_same_contacts_with_the_same_reasons_are_told_once() -> None:
    refused = {"a@x.de": REASON}
    _, mark = about_rejected(refused, told={})
    assert about_rejected(refused, told={"rejected": mark}) == ([], mark)
    assert about_rejected({"a@x.de": "Another."}, told={"rejected": mark})[0]


def test_that_nobody_is_refused_any_more_is_told_once() -> None:
    _, mark = about_rejected({"a@x.de": REASON}, told={})
    (notice,), mark = about_rejected({}, told={"rejected": mark})
    assert (notice.level, mark) == ("success", "")
    assert about_rejected({}, told={"rejected": mark}) == ([], "")
    assert about_rejected({}, told={}) == ([], "")


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
