"""What is one webhook request that was accepted for later? Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands: waiting, handled, or set aside with its reason."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One stored webhook request; ``request`` is the wire request as JSON text (body in base64).

    ``attempts`` were begun; ``error`` says how the last one failed, and nothing while one goes on.
    """

    delivery_id: str
    install_id: int
    app_id: str
    function: str
    dedupe_key: str
    request: str
    state: DeliveryState
    attempts: int
    received_at: datetime
    due_at: datetime
    error: str | None = None
