"""Where do tests note which writes of a plan were made? In memory, as JSON like the real thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class Made(dict[str, Mapping[str, Any]]):
    """Which writes were made, and why no more are."""

    reason: str | None = None

    def made(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self)

    def add(self, key: str, told: Mapping[str, Any]) -> None:
        self[key] = json.loads(json.dumps(told))

    def refused(self) -> str | None:
        return self.reason

    def refuse(self, reason: str) -> None:
        self.reason = reason
