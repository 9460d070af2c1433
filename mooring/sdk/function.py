"""What is a function? A class with ``perform``, made anew for every webhook call."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mooring.sdk.calling import MaybeAwaitable
from mooring.sdk.webhook import Request, Response


class Function(ABC):
    """Answers one webhook call of an installation."""

    def __init__(self, request: Request) -> None:
        self.request = request

    @abstractmethod
    def perform(self) -> MaybeAwaitable[Response]:
        """Answer ``self.request``; ``def`` or ``async def``."""


class GlobalFunction(Function):
    """Answers calls that belong to no installation; of the stores only the shared one works."""
