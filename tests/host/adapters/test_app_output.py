"""What apps print goes to the log and to stderr without secrets; what others print is theirs."""

# ruff: noqa: T201  # printing is the question here

from __future__ import annotations

import sys
import threading
from dataclasses import replace

import pytest

from mooring.adapters.app_output import app_output
from mooring.sdk.context import use
from mooring.testing.memory import MemoryApp, memory_app

SECRET = "canary-7f3a9c"


def hide(text: str) -> str:
    return text.replace(SECRET, "•••")


@pytest.fixture
def app() -> MemoryApp:
    return memory_app(app_id="shop")


def printed(app: MemoryApp) -> list[str]:
    return [line.fields["text"] for line in app.log.lines if line.event == "app.printed"]


def test_an_app_prints_into_the_log_and_not_into_the_answer(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    with app_output(lambda: app.log, hide=hide):
        with use(app.invocation):
            print("found", 3, SECRET)
            print("oddly", file=sys.stderr)
        print("the answer")
    out, err = capsys.readouterr()
    assert out == "the answer\n"
    assert err == "found 3 •••\noddly\n"
    assert printed(app) == [f"found 3 {SECRET}", "oddly"]


def test_lines_of_threads_do_not_mix(app: MemoryApp, capsys: pytest.CaptureFixture[str]) -> None:
    both = threading.Barrier(2)

    def say(word: str) -> None:
        with use(app.invocation):
            print(word, end=" ")
            both.wait()
            print(word)

    with app_output(lambda: app.log, hide=hide):
        threads = [threading.Thread(target=say, args=(word,)) for word in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(capsys.readouterr().err.splitlines()) == ["one one", "two two"]
    assert sorted(printed(app)) == ["one one", "two two"]


def test_a_line_without_an_end_is_written_when_it_is_flushed(app: MemoryApp) -> None:
    with app_output(lambda: app.log, hide=hide), use(app.invocation):
        print("so far", end="")
        assert printed(app) == []
        sys.stdout.flush()
    assert printed(app) == ["so far"]


def test_what_one_call_leaves_unended_is_not_told_of_the_next(app: MemoryApp) -> None:
    mine = replace(app.invocation, log_fields={"app_id": "shop"})
    theirs = replace(app.invocation, log_fields={"app_id": "other"})
    with app_output(lambda: app.log, hide=hide):
        with use(mine):
            print("mine", end="")
        with use(theirs):
            print("theirs")
    assert [(line.fields["app_id"], line.fields["text"]) for line in app.log.lines] == [
        ("shop", "mine"),
        ("other", "theirs"),
    ]


def test_the_streams_are_given_back(app: MemoryApp) -> None:
    before = sys.stdout, sys.stderr
    with app_output(lambda: app.log, hide=hide):
        assert sys.stdout is not before[0]
        assert sys.stdout.encoding == before[0].encoding
    assert (sys.stdout, sys.stderr) == before
