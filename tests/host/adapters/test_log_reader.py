"""The latest lines that were asked for, oldest first, and those that come while one looks on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mooring.adapters.log_reader import POLL_SECONDS, Line, read_logs
from mooring.adapters.logs import FILE, JsonLog
from mooring.adapters.masking import Masker


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "logs"


@pytest.fixture
def log(folder: Path) -> Iterator[JsonLog]:
    opened = JsonLog(folder, masker=Masker(), level="debug", most_bytes=2000)
    yield opened
    opened.close()


def numbered(log: JsonLog, *numbers: int, **fields: object) -> None:
    for number in numbers:
        log.log("info", "said", {"number": number, **fields})


def numbers(lines: Iterator[Line]) -> list[int]:
    return [line["number"] for line in lines]


class Looking:
    """Follows a log; at each wait the next thing happens, and after the last one it stops."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self._happenings = list(happenings)
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if not self._happenings:
            raise KeyboardInterrupt
        self._happenings.pop(0)()

    def on(self, folder: Path, *, limit: int = 100, level: str | None = None) -> list[int]:
        seen: list[int] = []
        lines = read_logs(folder, follow=True, wait=self.wait, limit=limit, level=level)
        with pytest.raises(KeyboardInterrupt):
            seen.extend(line["number"] for line in lines)
        return seen


def test_no_log_yet_has_no_lines(folder: Path) -> None:
    assert list(read_logs(folder)) == []


def test_the_latest_lines_come_oldest_first(log: JsonLog, folder: Path) -> None:
    numbered(log, *range(10))
    assert numbers(read_logs(folder, limit=3)) == [7, 8, 9]


@pytest.mark.parametrize("limit", [1, 20, 60, 100])
def test_older_files_are_read_as_far_as_needed(log: JsonLog, folder: Path, limit: int) -> None:
    numbered(log, *range(100))
    assert (folder / f"{FILE}.1").exists()
    assert numbers(read_logs(folder, limit=limit)) == list(range(100 - limit, 100))


def test_lines_are_chosen_by_app_run_and_level(log: JsonLog, folder: Path) -> None:
    numbered(log, 1, app_id="shop", run_id="r1")
    numbered(log, 2, app_id="shop", run_id="r2")
    numbered(log, 3, app_id="other", run_id="r1")
    log.log("debug", "said", {"number": 4, "app_id": "shop"})
    log.log("error", "said", {"number": 5, "app_id": "shop"})
    assert numbers(read_logs(folder, app_id="shop")) == [1, 2, 4, 5]
    assert numbers(read_logs(folder, run_id="r1")) == [1, 3]
    assert numbers(read_logs(folder, app_id="shop", run_id="r1")) == [1]
    assert numbers(read_logs(folder, level="info")) == [1, 2, 3, 5]
    assert numbers(read_logs(folder, level="warn")) == [5]


def test_the_limit_counts_lines_that_were_asked_for(log: JsonLog, folder: Path) -> None:
    numbered(log, 1, 2, app_id="shop")
    numbered(log, *range(100, 140), app_id="other")
    assert numbers(read_logs(folder, app_id="shop", limit=2)) == [1, 2]


def test_a_line_that_a_crash_cut_short_is_passed_over(log: JsonLog, folder: Path) -> None:
    numbered(log, 1)
    with (folder / FILE).open("ab") as file:
        file.write(b'{"number": 2, "eve\n7\nnot json\n\xff\xfe\n')
    numbered(log, 3)
    assert numbers(read_logs(folder)) == [1, 3]


def test_following_gives_what_was_and_what_comes(log: JsonLog, folder: Path) -> None:
    numbered(log, 1, 2, 3)
    looking = Looking(lambda: numbered(log, 4), lambda: None, lambda: numbered(log, 5, 6))
    assert looking.on(folder, limit=2) == [2, 3, 4, 5, 6]
    assert looking.waits == [POLL_SECONDS] * 4


def test_following_starts_before_there_is_a_log(log: JsonLog, folder: Path) -> None:
    assert Looking(lambda: None, lambda: numbered(log, 1)).on(folder) == [1]


def test_following_goes_on_where_a_full_file_moved_aside(log: JsonLog, folder: Path) -> None:
    numbered(log, 0)
    looking = Looking(*(lambda n=n: numbered(log, *range(n, n + 5)) for n in range(1, 101, 5)))
    assert looking.on(folder) == list(range(101))
    assert (folder / f"{FILE}.3").exists()


def test_following_loses_nothing_when_several_files_fill_up_between_two_looks(
    log: JsonLog, folder: Path
) -> None:
    numbered(log, 0)
    looking = Looking(lambda: numbered(log, *range(1, 80)), lambda: numbered(log, 80))
    assert looking.on(folder) == list(range(81))


def test_half_a_line_is_given_once_it_is_whole(log: JsonLog, folder: Path) -> None:
    numbered(log, 1)
    half, rest = b'{"number": 2, "level"', b': "info"}\n'

    def add(text: bytes) -> None:
        with (folder / FILE).open("ab") as file:
            file.write(text)

    assert Looking(lambda: add(half), lambda: add(rest)).on(folder) == [1, 2]


def test_following_chooses_too(log: JsonLog, folder: Path) -> None:
    def more() -> None:
        numbered(log, 1)
        log.log("error", "said", {"number": 2})

    assert Looking(more).on(folder, level="error") == [2]


def test_lines_are_given_as_they_were_written(log: JsonLog, folder: Path) -> None:
    numbered(log, 1, text="Zürich\u2028")
    (line,) = read_logs(folder)
    assert line == json.loads((folder / FILE).read_text("utf-8"))
    assert line["text"] == "Zürich\u2028"


def test_following_ends_with_what_was_written_before_the_end(log: JsonLog, folder: Path) -> None:
    numbered(log, 1)
    left = [True, False]

    def goes_on() -> bool:
        numbered(log, 10 + len(left))
        return left.pop(0)

    lines = read_logs(folder, follow=True, goes_on=goes_on, wait=lambda seconds: None)
    assert numbers(lines) == [1, 12, 11]


def test_a_run_is_found_by_its_own_id_not_by_a_line_that_names_it(
    log: JsonLog, folder: Path
) -> None:
    numbered(log, 1, run_id="cafe-1")
    numbered(log, 2, run_id="beef-1", text="cafe-1 was before")
    assert numbers(read_logs(folder, run_id="cafe")) == [1]
