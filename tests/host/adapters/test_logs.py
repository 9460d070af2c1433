"""Every line is whole, masked JSON, however many processes write and however full the file is."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.logs import FILE, LONGEST_LINE, OLD_FILES, Entry, JsonLog, files
from mooring.adapters.masking import MASK, Masker
from mooring.errors import HomeUnusable

ROOT = Path(__file__).resolve().parents[3]
SECRET = 'tok/5e2b+77c1=d0 "ü'

WRITER = """
import sys
from pathlib import Path
from mooring.adapters.logs import JsonLog
from mooring.adapters.masking import Masker

log = JsonLog(Path(sys.argv[1]), masker=Masker(), most_bytes=int(sys.argv[3]))
for number in range(300):
    log.log("info", "written", {"writer": sys.argv[2], "number": number, "filler": "x" * 200})
"""


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "logs"


@pytest.fixture
def log(folder: Path) -> Iterator[JsonLog]:
    masker = Masker()
    masker.learn(SECRET)
    opened = JsonLog(folder, masker=masker, level="debug")
    yield opened
    opened.close()


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for file in files(folder) for text in file.read_bytes().splitlines()]


def test_a_line_is_one_json_object_with_time_level_and_event(log: JsonLog, folder: Path) -> None:
    before = datetime.now(UTC)
    log.log("info", "job.step.finished", {"app_id": "shop", "took_ms": 12.5, "ok": True})
    (line,) = lines(folder)
    assert abs((datetime.fromisoformat(line.pop("time")) - before).total_seconds()) < 5
    assert line == {
        "level": "info",
        "event": "job.step.finished",
        "app_id": "shop",
        "took_ms": 12.5,
        "ok": True,
    }


def test_fields_cannot_replace_time_level_and_event(log: JsonLog, folder: Path) -> None:
    log.log("warn", "real", {"event": "forged", "level": "debug", "time": "never", "absent": None})
    (line,) = lines(folder)
    assert (line["event"], line["level"]) == ("real", "warn")
    assert line["time"] != "never"
    assert "absent" not in line


def test_line_breaks_do_not_break_lines(log: JsonLog, folder: Path) -> None:
    log.log("info", "a\nb\u2028c", {"text": "d\r\ne"})
    assert (folder / FILE).read_bytes().count(b"\n") == 1
    assert lines(folder)[0]["event"] == "a\nb\u2028c"


def test_many_lines_at_once_read_as_each_by_itself_would(folder: Path) -> None:
    log = JsonLog(folder, masker=Masker(), level="info")
    about = {"app_id": "shop", "run_id": None, "note": "a\nb"}
    log.log_all(
        [
            Entry(1777636800.25, "info", "answered", about, {"status": 200, "took_ms": 1.5}),
            Entry(1777636801.0, "warn", "answered", dict(about), {"status": 503, "took_ms": 2.0}),
            Entry(1777636802.0, "debug", "answered", about, {"status": 200}),
        ]
    )
    log.close()
    common = {"event": "answered", "app_id": "shop", "note": "a\nb"}
    assert lines(folder) == [
        {"time": "2026-05-01T12:00:00.250Z", "level": "info", **common}
        | {"status": 200, "took_ms": 1.5},
        {"time": "2026-05-01T12:00:01.000Z", "level": "warn", **common}
        | {"status": 503, "took_ms": 2.0},
    ]


def test_secrets_are_hidden_in_many_lines_too(folder: Path) -> None:
    masker = Masker()
    masker.learn("s3cret-value")
    log = JsonLog(folder, masker=masker)
    log.log_all([Entry(0, "info", "answered", {"account": "s3cret-value"}, {"status": 200})])
    log.close()
    assert lines(folder)[0]["account"] == "•••"


@pytest.mark.parametrize(
    ("lowest", "written"),
    [
        ("debug", ["debug", "info", "warn", "error"]),
        ("info", ["info", "warn", "error"]),
        ("WARNING", ["warn", "error"]),
        ("error", ["error"]),
    ],
)
def test_lower_levels_are_left_out(folder: Path, lowest: str, written: list[str]) -> None:
    log = JsonLog(folder, masker=Masker(), level=lowest)
    for level in ("debug", "info", "warn", "error"):
        log.log(level, "said", {})
    log.close()
    assert [line["level"] for line in lines(folder)] == written


def test_secrets_are_hidden_wherever_they_stand(log: JsonLog, folder: Path) -> None:
    log.log(
        "info",
        f"event {SECRET}",
        {
            "text": f"key={SECRET}",
            "nested": {SECRET: [{"deep": SECRET}, (SECRET,)]},
            "encoded": base64.b64encode(SECRET.encode()).decode(),
            "json": json.dumps({"token": SECRET}),
            "object": ValueError(SECRET),
            "raw": SECRET.encode(),
        },
    )
    (line,) = lines(folder)
    assert line["nested"] == {MASK: [{"deep": MASK}, [MASK]]}
    assert line["object"] == MASK
    text = (folder / FILE).read_text("utf-8")
    for fragment in ("5e2b", "77c1", base64.b64encode(SECRET.encode()).decode()[:8]):
        assert fragment not in text


def test_what_is_not_json_is_written_as_text(log: JsonLog, folder: Path) -> None:
    log.log("info", "odd", {"path": Path("/x"), "number": float("nan"), "lone": "\ud800", 7: 8})  # type: ignore[dict-item]  # apps hand over anything
    text = (folder / FILE).read_text("utf-8")
    assert '"path":"/x"' in text
    assert json.loads(text)["7"] == 8


def test_a_line_that_is_too_long_is_cut_and_says_so(log: JsonLog, folder: Path) -> None:
    log.log("info", f"long {SECRET}", {"app_id": "shop", "text": "x" * LONGEST_LINE})
    (line,) = lines(folder)
    assert line["cut_from_characters"] > LONGEST_LINE
    assert (line["event"], line["app_id"]) == (f"long {MASK}", "shop")
    assert "text" not in line


def test_the_file_is_the_owners_alone(log: JsonLog, folder: Path) -> None:
    log.log("info", "said", {})
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_full_file_moves_aside_and_the_oldest_goes(folder: Path) -> None:
    log = JsonLog(folder, masker=Masker(), most_bytes=1000)
    for number in range(200):
        log.log("info", "said", {"number": number})
    log.close()
    assert len(files(folder)) == OLD_FILES + 1
    assert all(file.stat().st_size < 1100 for file in files(folder))
    numbers = [line["number"] for line in lines(folder)]
    assert numbers == list(range(numbers[0], 200))
    assert numbers[0] > 0


def test_a_file_that_was_taken_away_is_made_anew(log: JsonLog, folder: Path) -> None:
    log.log("info", "before", {})
    (folder / FILE).unlink()
    log.log("info", "after", {})
    assert [line["event"] for line in lines(folder)] == ["after"]


@pytest.mark.parametrize("most_bytes", [10_000_000, 60_000], ids=["one file", "rotating"])
def test_lines_of_several_processes_neither_mix_nor_get_lost(folder: Path, most_bytes: int) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), name, str(most_bytes)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        )
        for name in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    written = lines(folder)
    assert len(written) == 900
    for name in ("a", "b", "c"):
        assert [line["number"] for line in written if line["writer"] == name] == list(range(300))


def test_threads_write_whole_lines(log: JsonLog, folder: Path) -> None:
    def write() -> None:
        for _ in range(50):
            log.log("info", "said", {"filler": "x" * 500})

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines(folder)) == 400


def test_what_libraries_log_comes_out_here_with_its_traceback(log: JsonLog, folder: Path) -> None:
    speaker = logging.getLogger("library")
    with log.libraries():
        speaker.warning("careful with %s", SECRET)
        speaker.info("too quiet")
        try:
            raise KeyError(SECRET)
        except KeyError:
            speaker.exception("it broke")
    speaker.error("nobody listens any more")
    first, second = lines(folder)
    assert (first["level"], first["logger"]) == ("warn", "library")
    assert first["event"] == f"careful with {MASK}"
    assert second["level"] == "error"
    assert "Traceback" in second["traceback"]
    assert "5e2b" not in (folder / FILE).read_text("utf-8")


@pytest.mark.parametrize("trouble", ["a file in the way", "a full disk"])
def test_a_log_that_cannot_be_written_is_named(
    log: JsonLog, folder: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trouble == "a full disk":

        def full(*_: object) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
    else:
        folder.parent.mkdir()
        folder.write_text("in the way")
    with pytest.raises(HomeUnusable, match=r"The log cannot be written: .*--home DIR") as unusable:
        log.log("info", "said", {})
    assert unusable.value.where == str(folder / FILE)
