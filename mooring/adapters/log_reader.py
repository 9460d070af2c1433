"""What was logged lately, and what is logged now? Reads the files that ``logs`` writes."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mooring.adapters.logs import FILE, files, rank

POLL_SECONDS = 0.2

Line = dict[str, Any]


def read_logs(
    folder: Path,
    *,
    app_id: str | None = None,
    run_id: str | None = None,
    level: str | None = None,
    limit: int = 100,
    follow: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:
    """Give the latest ``limit`` lines that match, oldest first; with ``follow`` go on for ever."""

    def wanted(line: Line) -> bool:
        return (
            (app_id is None or line.get("app_id") == app_id)
            and (run_id is None or line.get("run_id") == run_id)
            and (level is None or rank(str(line.get("level"))) >= rank(level))
        )

    tail = _Tail(folder / FILE)
    latest = deque(filter(wanted, tail.fresh()), maxlen=limit)
    older = [file for file in files(folder) if file.name != FILE]
    while len(latest) < limit and older:
        earlier = list(filter(wanted, _lines(older.pop().read_bytes())))
        latest.extendleft(reversed(earlier[-(limit - len(latest)) :]))
    yield from latest
    while follow:
        yield from filter(wanted, tail.fresh())
        wait(POLL_SECONDS)


class _Tail:
    """The end of a file that grows, and that is moved aside when it is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""

    def fresh(self) -> Iterator[Line]:
        """Return the whole lines that came since the last call."""
        if self._file is None and not self._opened():
            return
        yield from self._read()
        while self._moved():
            yield from self._read()  # what came between reading and moving
            if not self._opened():
                return
            yield from self._read()

    def _read(self) -> Iterator[Line]:
        assert self._file is not None, "opened before"
        whole, found, rest = (self._rest + self._file.read()).rpartition(b"\n")
        self._rest = rest
        if found:
            yield from _lines(whole)

    def _moved(self) -> bool:
        assert self._file is not None, "opened before"
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return there.st_ino != os.fstat(self._file.fileno()).st_ino

    def _opened(self) -> bool:
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return False
        if self._file is not None:
            self._file.close()
        self._file, self._rest = file, b""
        return True


def _lines(data: bytes) -> Iterator[Line]:
    """Read lines; one that a crash cut short is passed over."""
    for text in data.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line
