"""What commands that only read leave behind on a machine without a home: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Program


@pytest.mark.parametrize("command", ["apps", "jobs list", "logs", "notifications"])
def test_reading_makes_no_home_and_says_that_there_is_none(
    cli: Program, home: Path, command: str
) -> None:
    answer = cli.ok(*command.split())
    assert f"There is no home at {home} yet; `mooring install PATH` makes one." in answer.err
    assert not home.exists()


def test_for_machines_there_is_nothing_there(cli: Program, home: Path) -> None:
    home.mkdir()
    answer = cli.ok("apps", "--json")
    assert (answer.json, answer.err) == ([], "")
    assert list(home.iterdir()) == []


def test_what_is_asked_for_by_name_is_not_found(cli: Program, home: Path) -> None:
    answer = cli("settings", "shop")
    assert answer.status == 66
    assert "shop is not installed" in answer.err
    assert not home.exists()


def test_what_stands_in_the_place_of_a_home_is_still_told(cli: Program, home: Path) -> None:
    home.write_text("not a folder")
    assert cli("apps").status == 73
    assert cli("apps", "--home", str(home / "below")).status == 73
