"""Which of two versions is the later one? Versions as semver.org orders them; values only."""

from __future__ import annotations

from functools import total_ordering


@total_ordering
class Version:
    """A version of an app, ``1.2.3`` or ``1.2.3-beta.1``; a pre-release is before its release."""

    __slots__ = ("_order", "is_release")

    def __init__(self, text: str) -> None:
        numbers, _, label = text.partition("+")[0].partition("-")
        self.is_release = not label
        parts = tuple(_ordered(part) for part in label.split(".")) if label else ()
        self._order = (tuple(_ordered(part) for part in numbers.split(".")), not label, parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: Version) -> bool:
        return self._order < other._order

    def __hash__(self) -> int:
        return hash(self._order)


def _ordered(part: str) -> tuple[bool, int, str]:
    """Let numbers come by size and before words; words by their letters."""
    if part.isascii() and part.isdigit():
        return (False, int(part), "")
    return (True, 0, part)
