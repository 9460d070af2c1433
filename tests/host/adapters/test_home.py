"""A home is its owner's alone, and knows who serves on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mooring.adapters.home import Addresses, Home
from mooring.errors import HomeUnusable

NOBODY = 65534
HERE = Addresses("http://127.0.0.1:8080", "http://127.0.0.1:3000", os.getpid())


@contextmanager
def without_roots_powers() -> Iterator[None]:
    """Ask for permissions as a user whom they bind: they do not bind root."""
    if os.geteuid() != 0:
        yield
        return
    os.setreuid(NOBODY, 0)
    try:
        yield
    finally:
        os.setreuid(0, 0)


def test_a_new_home_is_for_its_owners_eyes_only(home: Path) -> None:
    Home.open(home / "below")
    assert (home / "below").stat().st_mode & 0o777 == 0o700


def test_an_existing_home_is_opened_as_it_is(home: Path) -> None:
    home.mkdir()
    (home / "note").write_text("mine")
    assert Home.open(home).path == home
    assert (home / "note").read_text() == "mine"


@pytest.mark.parametrize("below", [".", "deeper"])
def test_a_file_in_the_way_is_named_with_the_remedy(home: Path, below: str) -> None:
    home.write_text("a file")
    with pytest.raises(HomeUnusable, match=r"--home DIR or MOORING_HOME") as unusable:
        Home.open(home / below)
    assert unusable.value.where == str(home / below)


def test_a_home_that_cannot_be_written_is_refused(home: Path) -> None:
    home.mkdir()
    home.chmod(0o500)
    with without_roots_powers(), pytest.raises(HomeUnusable, match="Permission denied"):
        Home.open(home)
    home.chmod(0o700)


def test_everything_lies_inside_the_home(home: Path) -> None:
    opened = Home(home)
    places = [opened.database, opened.engine, opened.logs, opened.lock, opened.odp("local")]
    assert len(set(places)) == len(places)
    assert all(home in place.parents for place in places)


def test_other_processes_learn_where_serve_listens(home: Path) -> None:
    Home.open(home).record_addresses(HERE)
    assert Home.open(home).addresses() == HERE
    assert [file.name for file in home.iterdir()] == ["serve.json"]


def test_the_latest_record_counts_until_it_is_forgotten(home: Path) -> None:
    opened = Home.open(home)
    opened.record_addresses(HERE)
    later = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", os.getpid())
    opened.record_addresses(later)
    assert opened.addresses() == later
    opened.forget_addresses()
    opened.forget_addresses()
    assert opened.addresses() is None


def test_a_serve_that_was_killed_does_not_listen(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait(10)
    opened = Home.open(home)
    opened.record_addresses(Addresses(HERE.public, HERE.console, ended.pid))
    assert opened.addresses() is None


@pytest.mark.parametrize(
    "record",
    [
        "",
        '{"public": "http://127',
        "[]",
        '{"public": "http://127.0.0.1:1"}',
        '{"public": "a", "console": "b", "pid": "c"}',
    ],
)
def test_a_record_that_was_cut_short_names_nobody(home: Path, record: str) -> None:
    opened = Home.open(home)
    (home / "serve.json").write_text(record)
    assert opened.addresses() is None
