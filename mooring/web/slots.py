"""How many calls of one installation run at once? A call keeps its slot for as long as it runs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable


class Slots:
    """``most`` slots for each owner."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._used: Counter[Hashable] = Counter()
        self._turn = threading.Lock()

    def take(self, owner: Hashable) -> Slot | None:
        """Give a slot that is held once, or None when the owner's are all in use."""
        with self._turn:
            if self._used[owner] >= self._most:
                return None
            self._used[owner] += 1
        return Slot(self, owner)

    def used(self, owner: Hashable) -> int:
        """Return how many of an owner's slots are in use."""
        with self._turn:
            return self._used[owner]

    def give_back(self, owner: Hashable) -> None:
        """Take a slot back."""
        with self._turn:
            self._used[owner] -= 1
            if not self._used[owner]:
                del self._used[owner]


class Slot:
    """One slot; whoever holds it last gives it back."""

    def __init__(self, slots: Slots, owner: Hashable) -> None:
        self._slots = slots
        self._owner = owner
        self._holders = 1
        self._turn = threading.Lock()

    def hold(self) -> None:
        """Hold it once more."""
        with self._turn:
            self._holders += 1

    def let_go(self) -> None:
        """Hold it once less."""
        with self._turn:
            self._holders -= 1
            last = self._holders == 0
        if last:
            self._slots.give_back(self._owner)
