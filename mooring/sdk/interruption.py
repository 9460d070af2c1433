"""How does the host end code in the middle of a step, if that code allows it?

The host tells; whatever the code asks of its services from then on raises Interrupted, and what
waits is woken. Code that asks for nothing is left behind: nobody waits for it any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Interrupted(BaseException):
    """The host ends this run now; not an Exception, so that no app takes it for a failure."""


class Interruption:
    """Whether one run's code was told to end. Safe to share between threads."""

    __slots__ = ("_calls", "_event", "guard", "told")

    def __init__(self) -> None:
        self.told = False
        self._event = threading.Event()
        self._calls: list[Callable[[], object]] = []
        # Held while a job begins or ends to be interruptible, and while it is told: code that may
        # not be interrupted never is.
        self.guard = threading.RLock()

    def tell(self) -> None:
        """Tell it to end: wake what waits."""
        with self.guard:
            self.told = True
            self._event.set()
            for each in self._calls:
                each()

    def check(self) -> None:
        """Raise Interrupted if the code was told to end."""
        if self.told:
            raise Interrupted

    def wait(self, seconds: float) -> None:
        """Wait so long. Raises Interrupted as soon as the code is told to end."""
        self._event.wait(seconds)
        self.check()

    def when_told(self, each: Callable[[], object]) -> Callable[[], None]:
        """Have this called when the code is told to end; return what takes that back."""
        with self.guard:
            self._calls.append(each)
            if self.told:
                each()

        def forget() -> None:
            with self.guard:
                self._calls.remove(each)

        return forget


UNINTERRUPTED = Interruption()  # which nobody tells
