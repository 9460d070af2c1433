"""How is text laid out for a terminal?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence

GAP = "  "  # between columns
NARROWEST = 5  # characters that a column keeps, whatever the terminal
OF_AN_ID = 8  # of its last characters, which tell ids of the same moment apart


def table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str, width: int | None = None
) -> str:
    """Lay out rows in aligned columns, one line each; cut the longest ones to a ``width``."""
    if not rows:
        return empty
    every = [[" ".join(cell.splitlines()) for cell in row] for row in [headers, *rows]]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    if width is not None:
        widths = _fitted(widths, width)
    lines = [
        GAP.join(shortened(c, limit=w).ljust(w) for c, w in zip(row, widths, strict=True))
        for row in every
    ]
    return "\n".join(line.rstrip() for line in lines)


def fitting_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> str:
    """Lay out rows for who looks at a terminal, and whole for what reads a pipe.

    On a terminal the first column's ids are short, and columns that say nothing are left out.
    """
    width = terminal_width()
    if width is None:
        return table(headers, rows, empty=empty)
    short = [[row[0][-OF_AN_ID:], *row[1:]] for row in rows]
    kept = [i for i in range(len(headers)) if any(row[i] not in ("", "-") for row in short)]
    chosen = [[row[i] for i in kept] for row in short]
    return table([headers[i] for i in kept], chosen, empty=empty, width=width)


def terminal_width() -> int | None:
    """Return the columns of the terminal that stdout is; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def shortened(text: str, *, limit: int = 60) -> str:
    """Cut a text that is too long for a column, and show that it was."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def aligned(pairs: Mapping[str, str]) -> list[str]:
    """Lay out names and what belongs to them; further lines of a text stand below its first."""
    width = max(map(len, pairs), default=0)
    indent = "\n" + " " * width + GAP
    return [
        f"{name.ljust(width)}{GAP}{indent.join(value.splitlines())}"
        for name, value in pairs.items()
    ]


def _fitted(widths: list[int], width: int) -> list[int]:
    """Take from the widest column, as long as they are too wide together and it has some left."""
    fitted = list(widths)
    while sum(fitted) + len(GAP) * (len(fitted) - 1) > width and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted
