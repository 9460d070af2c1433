"""How long do steps take? Counted in classes, so that runs and hosts can be added up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

# Upper bounds in seconds; what takes longer than the last is counted after it. The limits of the
# watchdog, 60 and 600 s, are among them.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0)
NONE = (0,) * (len(BOUNDS) + 1)

_MILLISECONDS = tuple(1000 * bound for bound in BOUNDS)


def class_of(milliseconds: float) -> int:
    """Return in which class a step is counted."""
    return bisect_left(_MILLISECONDS, milliseconds)


def added(one: Sequence[int], other: Sequence[int], *, sign: int = 1) -> tuple[int, ...]:
    """Add two counts, or take one from the other; one of other classes counts as none."""
    if len(other) != len(one):
        return tuple(one)
    return tuple(a + sign * b for a, b in zip(one, other, strict=True))
