"""What is a destination? The base classes for apps that receive mapped records in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.sdk.calling import MaybeAwaitable

DELETED = "_isDeleted"


@dataclass(frozen=True, slots=True)
class DestinationConfig:
    """Which destination of app.yml is meant."""

    destination_key: str


@dataclass(frozen=True, slots=True)
class DestinationSync:
    """The data sync that a batch belongs to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class DestinationBatch:
    """Records to deliver; ``attempt`` counts from 1."""

    items: Sequence[Mapping[str, Any]]
    attempt: int
    sync: DestinationSync


@dataclass(frozen=True, slots=True)
class DestinationReadyResult:
    """Whether records may be delivered, and if not, why."""

    ready: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class DestinationDeliverResult:
    """The fate of one whole batch; without ``retryable`` it is not sent again."""

    success: bool
    retryable: bool = False
    failure_reason: str = ""


class Destination(ABC):
    """Receives records in batches, each of which succeeds or fails as a whole."""

    @abstractmethod
    def ready(self) -> MaybeAwaitable[DestinationReadyResult]:
        """Say whether delivery is possible; asked often, so cache."""

    @abstractmethod
    def deliver(self, batch: DestinationBatch) -> MaybeAwaitable[DestinationDeliverResult]:
        """Write every item of the batch, or fail it."""


class DestinationSchemaFunction(ABC):
    """Gives the schema of a destination that is not fixed in a file."""

    def __init__(self, config: DestinationConfig) -> None:
        self.config = config

    @abstractmethod
    def get_destinations_schema(self) -> MaybeAwaitable[Mapping[str, Any]]:
        """Return what a file in ``destinations/schema`` would hold."""


def is_deleted(item: Mapping[str, Any]) -> bool:
    """Say whether a record stands for its own deletion (then it has its primary key only)."""
    return item.get(DELETED) is True
