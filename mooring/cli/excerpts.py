"""Which line of a file is a problem about, and where in it? The line, with a caret below.

Tabs and wide characters keep the caret under its place; what could command a terminal is replaced;
a line that may hold a secret is never shown.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from mooring.model.problem import Problem, printable
from mooring.model.secret_shapes import may_hold_secret

LARGEST = 1_000_000  # bytes of a file that is read for the sake of one line
WIDTH = 100  # columns of a line that are shown
BEFORE = 60  # of them, at most, in front of the place
TAB = "    "
CUT = "…"
LINE_BREAK = re.compile("\r\n|[\r\n]")


class Excerpts:
    """Lines of an app's files; each file is read at most once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, tuple[str, ...]] = {}

    def at(self, problem: Problem) -> list[str]:
        """Return the line of a problem and the caret line; nothing where it cannot be shown."""
        lines = () if _is_confidential(problem.file) else self._lines(problem.file)
        if not 1 <= problem.line <= len(lines):
            return []
        line = lines[problem.line - 1]
        if not line.strip() or problem.column > len(line) + 1 or may_hold_secret(line):
            return []
        shown, indent = _window(line, problem.column)
        number = str(problem.line)
        return [f"  {number} | {shown}".rstrip(), f"  {' ' * len(number)} | {' ' * indent}^"]

    def _lines(self, file: str) -> tuple[str, ...]:
        if file not in self._files:
            self._files[file] = _read_lines(self._root, file)
        return self._files[file]


def _is_confidential(file: str) -> bool:
    return PurePosixPath(file).name.startswith(".env")


def _read_lines(root: Path, file: str) -> tuple[str, ...]:
    path = root / file
    try:
        if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
            return ()
        with path.open("rb") as stream:
            content = stream.read(LARGEST)
    except (OSError, ValueError):
        # The problem itself says what is wrong with the file.
        return ()
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    return tuple(LINE_BREAK.split(text))


def _window(line: str, column: int) -> tuple[str, int]:
    """Cut a line to what fits, around the column; return it with the width before the column."""
    from rich.cells import cell_len

    before = "".join(map(_visible, line[: column - 1]))
    after = "".join(map(_visible, line[column - 1 :]))
    if cell_len(before) > BEFORE and cell_len(before) + cell_len(after) > WIDTH:
        before = CUT + _last_columns(before, BEFORE)
    indent = cell_len(before)
    if indent + cell_len(after) > WIDTH:
        after = _first_columns(after, WIDTH - indent) + CUT
    return before + after, indent


def _visible(character: str) -> str:
    return TAB if character == "\t" else printable(character)


def _first_columns(text: str, columns: int) -> str:
    from rich.cells import set_cell_size

    return set_cell_size(text, columns)


def _last_columns(text: str, columns: int) -> str:
    return _first_columns(text[::-1], columns)[::-1]
