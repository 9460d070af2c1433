"""Which deliveries does a thread handle in turn, and how many of one installation at once?

Quick ones are begun many together, for their beginning is written to the disk first; slow ones one
by one. What waits behind one that hangs can be taken out of its bundle again.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence

from mooring.engine.inbox import is_suspect
from mooring.model.delivery import Delivery

MOST_AT_ONCE = 8
MOST_PER_INSTALLATION = 4  # one app that hangs must leave room for the others
BUNDLE_SECONDS = 0.05
MOST_IN_BUNDLE = 64
WEIGHT = 0.2  # of the latest delivery in what one is expected to take


class Pace:
    """How long deliveries take, by function."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[int, str, str], float] = {}

    def expected(self, delivery: Delivery) -> float:
        """Return the seconds that it may take; one of an unknown function fills a bundle."""
        return self._seconds.get(_function(delivery), BUNDLE_SECONDS)

    def took(self, delivery: Delivery, seconds: float) -> None:
        """Learn from one; one that is slow counts at once."""
        known = self._seconds.get(_function(delivery), seconds)
        learnt = max(known + WEIGHT * (seconds - known), min(seconds, BUNDLE_SECONDS) / 2)
        self._seconds[_function(delivery)] = learnt


class Bundle:
    """Deliveries of one installation that one thread handles one after the other."""

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self._left = deque(deliveries)
        self.install_id = self._left[0].install_id
        self.took_last_at = time.monotonic()
        self.has_ended = False

    def take(self) -> Delivery | None:
        """Take the next one to handle; None when there is none."""
        self.took_last_at = time.monotonic()
        try:
            return self._left.popleft()
        except IndexError:
            return None

    def rest(self) -> list[Delivery]:
        """Take out all that were not begun."""
        rest = []
        while delivery := self.take():
            rest.append(delivery)
        return rest


class Plan:
    """What is begun next, given what is in hand: ``lanes`` are the bundles of each installation."""

    def __init__(self, lanes: Counter[int], *, pace: Pace, has_suspect: bool) -> None:
        self._lanes = lanes
        self._pace = pace
        self._has_suspect = has_suspect
        self._open: dict[int, float] = {}
        self._bundles: dict[int, list[list[Delivery]]] = {}

    @property
    def bundles(self) -> list[list[Delivery]]:
        """What every thread that is free gets."""
        return [bundle for several in self._bundles.values() for bundle in several]

    @property
    def is_full(self) -> bool:
        """Whether no thread is left to begin anything."""
        return self._lanes.total() >= MOST_AT_ONCE

    @property
    def full_installations(self) -> list[int]:
        """Those of which nothing more can be begun."""
        return [key for key, lanes in self._lanes.items() if lanes >= MOST_PER_INSTALLATION]

    def add(self, due: Sequence[Delivery], *, in_hand: Collection[str]) -> int:
        """Choose of what is due; return how many were left because they may end the process.

        Of those one at a time begins, alone in its bundle: the others should not go down with it.
        """
        left = 0
        # Whoever looks twice sees again what was chosen the first time.
        chosen = {delivery.delivery_id for bundle in self.bundles for delivery in bundle}
        for delivery in due:
            if delivery.delivery_id in in_hand or delivery.delivery_id in chosen:
                continue
            if is_suspect(delivery):
                if self._has_suspect or not self._begin_bundle(delivery, BUNDLE_SECONDS):
                    left += 1
                else:
                    self._has_suspect = True
            else:
                self._add_one(delivery)
        return left

    def _add_one(self, delivery: Delivery) -> None:
        key = delivery.install_id
        takes = self._pace.expected(delivery)
        if key in self._open and self._open[key] + takes <= BUNDLE_SECONDS:
            bundle = self._bundles[key][-1]
            if len(bundle) < MOST_IN_BUNDLE:
                bundle.append(delivery)
                self._open[key] += takes
                return
        self._begin_bundle(delivery, takes)

    def _begin_bundle(self, delivery: Delivery, takes: float) -> bool:
        key = delivery.install_id
        if self.is_full or self._lanes[key] >= MOST_PER_INSTALLATION:
            return False
        self._lanes[key] += 1
        self._bundles.setdefault(key, []).append([delivery])
        self._open[key] = takes
        return True


def _function(delivery: Delivery) -> tuple[int, str, str]:
    return delivery.install_id, delivery.app_id, delivery.function
