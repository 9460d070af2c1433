"""What is a Liquid extension? A value that templates compute by calling the app."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mooring.sdk.calling import MaybeAwaitable


@dataclass(frozen=True, slots=True)
class LiquidContext:
    """For which kind of rendering the extension is called."""

    mode: Literal["preview", "test", "live"]


class LiquidExtensionResult:
    """An output or an error; made with ``success`` or ``error``."""

    __slots__ = ("_said",)

    def __init__(self, said: dict[str, str]) -> None:
        self._said = said

    @staticmethod
    def success(output: Any) -> LiquidExtensionResult:
        """Return a result that carries ``output`` as JSON text."""
        return LiquidExtensionResult({"output": json.dumps(output, allow_nan=False)})

    @staticmethod
    def error(message: str) -> LiquidExtensionResult:
        """Return a result that says why there is no output."""
        return LiquidExtensionResult({"error": message or "unknown"})

    def to_json(self) -> dict[str, str]:
        """Return the wire form: ``{"output": …}`` or ``{"error": …}``."""
        return dict(self._said)


class LiquidExtension(ABC):
    """Computes one value; the host checks the declared inputs first."""

    @abstractmethod
    def perform(
        self,
        context: LiquidContext,
        input: Mapping[str, Any],  # noqa: A002  # OCP's name for it
    ) -> MaybeAwaitable[LiquidExtensionResult]:
        """Return the value for ``input``."""
