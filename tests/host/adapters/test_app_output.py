"""What apps print goes to the log and to stderr without secrets; what others print is theirs."""

# ruff: noqa: T201  # printing is the question here

from __future__ import annotations

import sys
import threading
from dataclasses import replace

import pytest

from mooring.adapters.app_output import app_output, hide_to_the_end
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


def test_a_stream_that_one_call_closes_stays_open_for_the_others(app: MemoryApp) -> None:
    with app_output(lambda: app.log, hide=hide), use(app.invocation):
        print("so far", end="")
        sys.stdout.close()
        print("still here")
    assert printed(app) == ["so far", "still here"]


def test_the_streams_are_given_back(app: MemoryApp) -> None:
    before = sys.stdout, sys.stderr
    with app_output(lambda: app.log, hide=hide):
        assert sys.stdout is not before[0]
        assert sys.stdout.encoding == before[0].encoding
    assert (sys.stdout, sys.stderr) == before


def test_what_anybody_says_to_stderr_has_its_secrets_hidden(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    with app_output(lambda: app.log, hide=hide):
        print(f"host: {SECRET}", file=sys.stderr)
    assert capsys.readouterr() == ("", "host: •••\n")


def test_the_last_words_of_a_thread_have_their_secrets_hidden(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        print(f"about to use {SECRET}")
        print(f"with {SECRET}", file=sys.stderr)

    with app_output(lambda: app.log, hide=hide):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert capsys.readouterr() == ("about to use •••\n", "with •••\n")


def test_the_answer_passes_as_it_is(app: MemoryApp, capsys: pytest.CaptureFixture[str]) -> None:
    with app_output(lambda: app.log, hide=hide):
        print(f"private: {SECRET}")
    assert capsys.readouterr().out == f"private: {SECRET}\n"


def test_secrets_stay_hidden_on_the_way_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    hide_to_the_end(hide)
    print(f"atexit: {SECRET}", file=sys.stderr, flush=True)
    assert capsys.readouterr().err == "atexit: •••\n"
