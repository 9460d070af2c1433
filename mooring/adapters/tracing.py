"""Who is told of what a host does, one piece of work inside the other? Nobody, unless configured.

This is what the host calls; ``spans`` is what answers where traces are wanted. Nobody being told
costs nothing where it matters: what would have to be wrapped is handed back as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

from mooring.engine.ports import StepWatch
from mooring.model.delivery import Delivery
from mooring.model.installation import Installation
from mooring.model.run import Run
from mooring.sdk.ports import HttpPort

T = TypeVar("T")
Handle = Callable[[Delivery], T]


class Told(Protocol):
    """A piece of work that somebody is told of."""

    def set_attribute(self, key: str, value: str | int) -> None:
        """Add what is known only now."""


class Tracing(Protocol):
    """What a host says of its work: names and ids of its own, never what was sent or stored."""

    is_on: bool

    def present(self) -> str | None:
        """Return what names the present work to another process (W3C traceparent)."""

    def trigger(self, installation: Installation, job: str) -> AbstractContextManager[object]:
        """A run is written in the block."""

    def run(self, run: Run, work: Callable[[], Run], *, caused_by: Callable[[], str | None]) -> Run:
        """Do ``work``, which drives a run; ``caused_by`` names what triggered it."""

    def steps(self, run: Run, watch: StepWatch) -> StepWatch:
        """Watch the steps of a run, and pass everything on to ``watch``."""

    def function(self, installation: Installation, name: str) -> AbstractContextManager[Told]:
        """A function is called in the block."""

    def deliveries(self, handle: Handle[T]) -> Handle[T]:
        """Handle deliveries, each as a piece of work of its own."""

    def http(self, port: HttpPort, *, app_id: str) -> HttpPort:
        """Call other services through ``port``."""

    def close(self) -> None:
        """Send what was not sent yet."""


class _Nobody:
    def set_attribute(self, key: str, value: str | int) -> None:
        """Tell nobody."""


class Untraced:
    """Tells nobody (Tracing)."""

    is_on = False

    def present(self) -> str | None:
        """Name nothing."""
        return None

    def trigger(self, installation: Installation, job: str) -> AbstractContextManager[object]:
        """Tell nobody."""
        return nullcontext()

    def run(self, run: Run, work: Callable[[], Run], *, caused_by: Callable[[], str | None]) -> Run:
        """Do the work."""
        return work()

    def steps(self, run: Run, watch: StepWatch) -> StepWatch:
        """Leave the steps to ``watch``."""
        return watch

    def function(self, installation: Installation, name: str) -> AbstractContextManager[Told]:
        """Tell nobody."""
        return nullcontext(_Nobody())

    def deliveries(self, handle: Handle[T]) -> Handle[T]:
        """Handle them as they are."""
        return handle

    def http(self, port: HttpPort, *, app_id: str) -> HttpPort:
        """Call as it is."""
        return port

    def close(self) -> None:
        """Nothing is kept."""
