"""How is a secret kept out of what people and files get to see? One exit: ``Masker.hide``.

Any text may hold any of thousands of spellings, and nearly none does: so every third group of four
characters is looked up among those that spellings begin with. What is found is compared in full,
and everything that any spelling covers is hidden, also where two of them overlap.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mooring.adapters.spellings import spellings

MASK = "•••"
SHORTEST = 6
MOST_VALUES = 10_000

GROUP = 4
STRIDE = SHORTEST - GROUP + 1  # of the groups that a spelling begins with, one is looked at
# What stands in records beside tokens, and must stay legible everywhere.
NO_SECRETS = frozenset(
    {
        *("token_type", "scope", "section"),
        *("expires_at", "expires_in", "issued_at", "obtained_at"),
    }
)


class Masker:
    """Knows secret values and hides them in text, raw and in the encodings they travel in.

    Values shorter than six characters are not hidden: they occur everywhere. Of very many values
    (tokens that are renewed) the latest 10,000 are known.
    """

    def __init__(self) -> None:
        self._values: dict[str, None] = {}
        self._learned: set[str] = set()  # so that reading a secret again costs nothing
        self._holders: Counter[str] = Counter()  # of each spelling: how many values have it
        self._groups: dict[str, tuple[tuple[int, str], ...]] = {}
        self._lock = threading.Lock()

    def learn(self, value: str) -> None:
        """Hide this value from now on; of a JSON value, every text inside it."""
        if value in self._learned:
            return
        with self._lock:
            for part in _parts(value):
                if len(part) >= SHORTEST and part not in self._values:
                    self._add(part)
            self._learned.add(value)

    def hide(self, text: str) -> str:
        """Return the text with every known secret replaced."""
        groups, last = self._groups, len(text) - GROUP + 1
        hits = [at for at in range(0, last, STRIDE) if text[at : at + GROUP] in groups]
        return _covered(text, self._found(text, hits)) if hits else text

    def hide_in(self, value: Any) -> Any:
        """Return a value with every text in it hidden; what is not JSON becomes text first."""
        if isinstance(value, str):
            return self.hide(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.hide(str(key)): self.hide_in(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.hide_in(inner) for inner in value]
        return self.hide(str(value))

    def _found(self, text: str, hits: list[int]) -> list[tuple[int, int]]:
        """Return where spellings stand, from and to, in order of their beginnings."""
        found = set()
        for at in hits:
            # Another thread may have forgotten the group since.
            for offset, spelling in self._groups.get(text[at : at + GROUP], ()):
                if at >= offset and text.startswith(spelling, at - offset):
                    found.add((at - offset, at - offset + len(spelling)))
        return sorted(found)

    def _add(self, value: str) -> None:
        self._values[value] = None
        for spelling in spellings(value):
            if len(spelling) >= SHORTEST:
                self._holders[spelling] += 1
                if self._holders[spelling] == 1:
                    self._index(spelling)
        while len(self._values) > MOST_VALUES:
            self._forget(next(iter(self._values)))

    def _forget(self, value: str) -> None:
        del self._values[value]
        self._learned.clear()  # some of it may have to be learned again
        for spelling in spellings(value):
            if len(spelling) >= SHORTEST:
                self._holders[spelling] -= 1
                if not self._holders[spelling]:
                    del self._holders[spelling]
                    self._unindex(spelling)

    def _index(self, spelling: str) -> None:
        for offset in range(STRIDE):
            group = spelling[offset : offset + GROUP]
            self._groups[group] = (*self._groups.get(group, ()), (offset, spelling))

    def _unindex(self, spelling: str) -> None:
        for offset in range(STRIDE):
            group = spelling[offset : offset + GROUP]
            left = tuple(each for each in self._groups[group] if each != (offset, spelling))
            if left:
                self._groups[group] = left
            else:
                del self._groups[group]


def _covered(text: str, found: list[tuple[int, int]]) -> str:
    """Replace each stretch that is found, those that overlap as one."""
    shown: list[str] = []
    end = 0
    for start, stop in found:
        if start >= end:
            shown += (text[end:start], MASK)
        end = max(end, stop)
    return "".join((*shown, text[end:]))


def can_be_hidden(value: str) -> bool:
    """Whether a value, or any text inside a JSON value, is long enough to be hidden."""
    return any(len(part) >= SHORTEST for part in _parts(value))


def _parts(value: str) -> set[str]:
    """Return what is secret about a value: the texts of a JSON value, else all of it."""
    if value[:1] in ("{", "[", '"'):
        try:
            return set(_texts(json.loads(value))) or {value}
        except (ValueError, RecursionError):
            return {value}
    return {value}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in NO_SECRETS:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
