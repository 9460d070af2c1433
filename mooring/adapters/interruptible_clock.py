"""How does a job that waits hear that it shall end? Its clock waits for that instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mooring.sdk.context import Invocation
from mooring.sdk.interruption import Interruption
from mooring.sdk.ports import Clock


@dataclass(frozen=True, slots=True)
class InterruptibleClock:
    """A clock (sdk.ports.Clock) whose waits end when the run does."""

    clock: Clock
    interruption: Interruption

    def now(self) -> datetime:
        """Return the present moment."""
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Interrupted as soon as the run is told to end."""
        self.interruption.wait(seconds)


def interruptible(invocation: Invocation, interruption: Interruption) -> Invocation:
    """Return the invocation whose code can be told to end."""
    clock = InterruptibleClock(invocation.services.clock, interruption)
    services = replace(invocation.services, clock=clock)
    return replace(invocation, services=services, interruption=interruption)
