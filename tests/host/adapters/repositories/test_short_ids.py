"""Some characters of an id are enough, if they are one row's alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from mooring.adapters.database import Database
from mooring.adapters.repositories.short_ids import (
    MOST_NAMED,
    id_called,
    row_called,
    too_short,
)
from mooring.adapters.tables import meta
from mooring.errors import UsageError


@pytest.fixture
def called(database: Database) -> Database:
    names = ["abcd-1111", "abcd-2222", *(f"same-{n}-tail" for n in range(9))]
    with database.write() as connection:
        connection.execute(meta.insert(), [{"key": name, "value": "v"} for name in names])
    return database


def meant(database: Database, text: str) -> str | None:
    row = row_called(database, select(meta), meta.c.key, text, many="things")
    return str(row.key) if row else None


def test_the_beginning_or_the_end_is_enough(called: Database) -> None:
    assert meant(called, "ABCD-1") == "abcd-1111"
    assert meant(called, "2222") == "abcd-2222"


@pytest.mark.parametrize("text", ["", "abc", "zzzz", "%%%%", "____", "cd-1"])
def test_too_little_and_what_stands_in_the_middle_mean_nothing(called: Database, text: str) -> None:
    assert meant(called, text) is None


def test_several_are_named_with_what_tells_them_apart(called: Database) -> None:
    with pytest.raises(UsageError, match="Several things begin or end with abcd") as caught:
        meant(called, "abcd")
    assert "abcd-1111, abcd-2222" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        meant(called, "same")
    assert caught.value.hint.count("same-") == MOST_NAMED


def test_an_id_in_full_is_its_own_whatever_else_begins_so(database: Database) -> None:
    names = ["abcd", "abcd-1"]
    with database.write() as connection:
        connection.execute(meta.insert(), [{"key": name, "value": "v"} for name in names])
    assert meant(database, "ABCD") == id_called(names, "ABCD", many="things") == "abcd"


def test_ids_that_are_no_rows_are_called_alike(called: Database) -> None:
    names = [f"abcd-{n}" for n in ("1111", "2222")]
    for text in ("ABCD-1", "2222", "", "abc", "zzzz", "cd-1"):
        assert id_called(names, text, many="things") == meant(called, text)
    with pytest.raises(UsageError, match="Several things begin or end with abcd") as caught:
        id_called(names, "abcd", many="things")
    assert "abcd-1111, abcd-2222" in caught.value.hint


def test_whoever_gives_too_little_is_told_how_much_is_enough() -> None:
    assert too_short("7c3") == "Give at least 4 characters of an id. "
    assert too_short("7c3a") == ""
