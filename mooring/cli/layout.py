"""How is text laid out for a terminal?"""

from __future__ import annotations

from collections.abc import Mapping


def table(headers: list[str], rows: list[list[str]], *, empty: str) -> str:
    """Lay out rows in aligned columns for a terminal."""
    if not rows:
        return empty
    widths = [max(len(r[i]) for r in [headers, *rows]) for i in range(len(headers))]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in [headers, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def shortened(text: str, *, limit: int = 60) -> str:
    """Cut a text that is too long for a column, and show that it was."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def aligned(pairs: Mapping[str, str]) -> list[str]:
    """Lay out names and what belongs to them, one pair a line."""
    width = max(map(len, pairs), default=0)
    return [f"{name.ljust(width)}  {value}" for name, value in pairs.items()]
