"""What was logged lately, and what is logged now? Reads the files that ``logs`` writes."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from mooring.adapters.logs import FILE, files, rank

POLL_SECONDS = 0.2

Line = dict[str, Any]


def _for_ever() -> bool:
    return True


def read_logs(
    folder: Path,
    *,
    app_id: str | None = None,
    run_id: str | None = None,
    level: str | None = None,
    limit: int = 100,
    follow: bool = False,
    goes_on: Callable[[], bool] = _for_ever,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:
    """Give the latest ``limit`` lines that match, oldest first; with ``follow`` also later ones.

    The first characters of a run's id stand for it. Followed is while ``goes_on``, and what was
    written before it said no is read.
    """
    about = (run_id or "").encode()

    def wanted(line: Line) -> bool:
        return (
            (app_id is None or line.get("app_id") == app_id)
            and (run_id is None or str(line.get("run_id")).startswith(run_id))
            and (level is None or rank(str(line.get("level"))) >= rank(level))
        )

    with closing(_Tail(folder / FILE, about=about)) as tail:
        latest = deque(filter(wanted, tail.fresh()), maxlen=limit)
        older = [file for file in files(folder) if file.name != FILE]
        while len(latest) < limit and older:
            earlier = list(filter(wanted, _lines(_content(older.pop()), about=about)))
            latest.extendleft(reversed(earlier[-(limit - len(latest)) :]))
        yield from latest
        while follow:
            more = goes_on()
            yield from filter(wanted, tail.fresh())
            if not more:
                return
            wait(POLL_SECONDS)


class _Tail:
    """The end of a file that grows, and that is moved aside when it is full."""

    def __init__(self, path: Path, *, about: bytes) -> None:
        self._path = path
        self._about = about
        self._file: BinaryIO | None = None
        self._rest = b""

    def fresh(self) -> Iterator[Line]:
        """Return the whole lines that came since the last call."""
        if self._file is None and not self._opened(self._path):
            return
        yield from self._read()
        while (successor := self._successor()) is not None:
            yield from self._read()  # what came between reading and moving
            if not self._opened(successor):
                return
            yield from self._read()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self) -> Iterator[Line]:
        assert self._file is not None, "opened before"
        whole, found, rest = (self._rest + self._file.read()).rpartition(b"\n")
        self._rest = rest
        if found:
            yield from _lines(whole, about=self._about)

    def _successor(self) -> Path | None:
        """Return the file that was begun when ours was moved aside; None while ours is the last."""
        assert self._file is not None, "opened before"
        ours = os.fstat(self._file.fileno())
        there = files(self._path.parent)
        try:
            same = [os.path.samestat(file.stat(), ours) for file in there]
        except FileNotFoundError:
            # Files move just now; the next look finds them in their new places.
            return None
        if True not in same:
            return next(iter(there), None)  # ours was the oldest and is gone
        return next(iter(there[same.index(True) + 1 :]), None)

    def _opened(self, path: Path) -> bool:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        self.close()
        self._file, self._rest = file, b""
        return True


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        # The oldest one, given up just now for a newer one.
        return b""


def _lines(data: bytes, *, about: bytes) -> Iterator[Line]:
    """Read lines in which ``about`` stands; one that a crash cut short is passed over.

    Looking for a text takes a hundredth of what reading JSON does.
    """
    for text in data.splitlines():
        if about not in text:
            continue
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line
