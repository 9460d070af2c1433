"""What is a source? The base classes for apps that emit records into data syncs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mooring.sdk.calling import MaybeAwaitable
from mooring.sdk.job import Job, JobInvocation
from mooring.sdk.webhook import Request, Response


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """The data sync that a source's code runs for."""

    source_key: str
    data_sync_id: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """Whether a record or a hook was accepted."""

    success: bool
    message: str = ""


class SourceEmitter(Protocol):
    """Where the records of one data sync go."""

    def emit(self, data: Mapping[str, Any]) -> SourceResult:
        """Hand over one record."""


@dataclass(frozen=True, slots=True)
class SourceJobInvocation(JobInvocation):
    """One run of a source's job, for one data sync."""

    data_sync_id: str = ""


class SourceFunction(ABC):
    """Answers webhook calls of one data sync."""

    def __init__(self, config: SourceConfig, request: Request, source: SourceEmitter) -> None:
        self.config = config
        self.request = request
        self.source = source

    @abstractmethod
    def perform(self) -> MaybeAwaitable[Response]:
        """Answer ``self.request`` and emit what it brings."""


class SourceJob(Job):
    """Emits records in steps, for one data sync."""

    def __init__(self, invocation: SourceJobInvocation, source: SourceEmitter) -> None:
        super().__init__(invocation)
        self.source = source


class SourceLifecycle(ABC):
    """Is told what happens to the data syncs of a source."""

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    @abstractmethod
    def on_source_create(self) -> MaybeAwaitable[SourceResult]:
        """Register what the new data sync needs."""

    @abstractmethod
    def on_source_update(self) -> MaybeAwaitable[SourceResult]:
        """Adapt to a changed data sync."""

    @abstractmethod
    def on_source_delete(self) -> MaybeAwaitable[SourceResult]:
        """Undo what was registered."""

    @abstractmethod
    def on_source_enable(self) -> MaybeAwaitable[SourceResult]:
        """Start emitting again."""

    @abstractmethod
    def on_source_pause(self) -> MaybeAwaitable[SourceResult]:
        """Stop emitting for a while."""


class SourceSchemaFunction(ABC):
    """Gives the schema of a source that is not fixed in a file."""

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    @abstractmethod
    def get_sources_schema(self) -> MaybeAwaitable[Mapping[str, Any]]:
        """Return what a file in ``sources/schema`` would hold."""
