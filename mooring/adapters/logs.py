"""Where do log lines go? One JSON object a line in ``{home}/logs/mooring.jsonl``, secrets hidden.

Any number of processes write to the file: each line is one append, and whoever finds the file full
renames it under a lock. Python's own logging, in which libraries speak, comes out here too.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog
from filelock import FileLock

from mooring.adapters.masking import Masker
from mooring.errors import HomeUnusable

FILE = "mooring.jsonl"
LEVELS = ("debug", "info", "warn", "error")
MOST_BYTES = 10 * 1024 * 1024
OLD_FILES = 5
LONGEST_LINE = 64 * 1024


class Entry(NamedTuple):
    """A line among many: ``fields`` that others have too, and ``own`` ones of the host's making."""

    at: float  # seconds since 1970
    level: str
    event: str
    fields: Mapping[str, Any]
    own: Mapping[str, bool | float | str]  # such as a status or an id of ours; never a secret


class JsonLog:
    """The structured log of one home (sdk.ports.LogPort)."""

    def __init__(
        self, folder: Path, *, masker: Masker, level: str = "info", most_bytes: int = MOST_BYTES
    ) -> None:
        self._file = _SharedFile(folder / FILE, most_bytes=most_bytes)
        self._masker = masker
        self._lowest = rank(level)
        self._bridge = _Bridge(self)
        self._render = structlog.processors.JSONRenderer(
            serializer=json.dumps, ensure_ascii=False, default=str, separators=(",", ":")
        )

    def log(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        """Write one line; ``level`` is debug, info, warn or error."""
        if rank(level) < self._lowest:
            return
        line = {"time": _moment(datetime.now(UTC)), "level": LEVELS[rank(level)], "event": event}
        line.update((k, v) for k, v in fields.items() if v is not None and k not in line)
        self._file.append(self._text(line))

    def log_all(self, entries: Sequence[Entry]) -> None:
        """Write many lines at once, each as ``log`` would.

        What several have in common is rendered once: the same mapping of ``fields``.
        """
        heads: dict[tuple[int, str, str], str] = {}
        lines = []
        for entry in entries:
            key = (id(entry.fields), entry.level, entry.event)
            if (head := heads.get(key)) is None:
                head = heads[key] = self._head(entry)
            if head:
                moment = _moment(datetime.fromtimestamp(entry.at, UTC))
                own = msgspec.json.encode(entry.own).decode()[1:]
                lines.append(f'{{"time":"{moment}",{head}{own}')
        if lines:
            self._file.append("\n".join(lines))

    @contextmanager
    def libraries(self, level: int = logging.WARNING) -> Iterator[None]:
        """Let what libraries log come out here meanwhile, from ``level`` on."""
        root = logging.getLogger()
        self._bridge.setLevel(level)
        root.addHandler(self._bridge)
        try:
            yield
        finally:
            root.removeHandler(self._bridge)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _head(self, entry: Entry) -> str:
        """Render what comes between the time and what is an entry's own; empty if too low."""
        if rank(entry.level) < self._lowest:
            return ""
        line = {"level": LEVELS[rank(entry.level)], "event": entry.event}
        line.update((k, v) for k, v in entry.fields.items() if v is not None and k not in line)
        return self._text(line)[1:-1] + ","

    def _text(self, line: MutableMapping[str, Any]) -> str:
        """Render the line, secrets hidden before JSON's escapes can change how they look."""
        hidden = self._masker.hide_in(line)
        text = str(self._render(None, "", hidden))
        if len(text) > LONGEST_LINE:
            keep = ("time", "level", "app_id", "install_id", "account", "run_id")
            short = {name: hidden[name] for name in keep if name in hidden}
            short["event"] = str(hidden["event"])[: LONGEST_LINE // 8]
            short["cut_from_characters"] = len(text)
            text = str(self._render(None, "", short))
        return text


def _moment(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rank(level: str) -> int:
    """Order levels; Python's own names count too, and an unknown one is an error."""
    known = {"warning": 2, "critical": 3, "notset": 0, **{n: i for i, n in enumerate(LEVELS)}}
    return known.get(level.lower(), 3)


class _SharedFile:
    """A file that several processes append to and that moves aside when it is full."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._descriptor: int | None = None

    def append(self, line: str) -> None:
        """Write a line at once, so that lines of several processes do not mix."""
        data = line.encode("utf-8", "replace") + b"\n"
        try:
            with self._lock:
                os.write(self._open(), data)
        except OSError as error:
            raise HomeUnusable(
                f"The log cannot be written: {error.strerror or error}.",
                where=str(self._path),
                hint="Make the home writable and its disk roomy, or choose another one with "
                "--home DIR.",
            ) from error

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        with self._lock:
            self._forget()

    def _open(self) -> int:
        """Return the file of now: another process may have moved ours aside."""
        if self._descriptor is None or self._moved():
            self._reopen()
        assert self._descriptor is not None, "reopened just now"
        if os.fstat(self._descriptor).st_size >= self._most_bytes:
            self._rotate()
        return self._descriptor

    def _moved(self) -> bool:
        assert self._descriptor is not None, "asked of an open file"
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return there.st_ino != os.fstat(self._descriptor).st_ino

    def _reopen(self) -> None:
        self._forget()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._descriptor = os.open(self._path, flags, 0o600)

    def _rotate(self) -> None:
        with FileLock(f"{self._path}.lock", mode=0o600):
            if not self._moved() and self._path.stat().st_size >= self._most_bytes:
                for number in range(OLD_FILES - 1, 0, -1):
                    older = _old(self._path, number)
                    if older.exists():
                        older.replace(_old(self._path, number + 1))
                self._path.replace(_old(self._path, 1))
        self._reopen()

    def _forget(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _Bridge(logging.Handler):
    """Python's logging, written as lines of ours."""

    def __init__(self, log: JsonLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, its traceback included."""
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info:
            fields["traceback"] = logging.Formatter().formatException(record.exc_info)
        self._log.log(record.levelname, record.getMessage(), fields)


def files(folder: Path) -> list[Path]:
    """Return the log files there are, oldest first."""
    path = folder / FILE
    numbered = [_old(path, number) for number in range(OLD_FILES, 0, -1)]
    return [file for file in (*numbered, path) if file.exists()]


def _old(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
