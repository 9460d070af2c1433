"""What happened to an installation, when, and by whose hand? Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mooring.model.moment import iso


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One transition; ``outcome`` is ``begun``, ``done``, ``failed`` or ``unfinished``."""

    at: datetime
    actor: str
    install_id: int
    app_id: str
    account: str
    version: str
    action: str
    outcome: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """The published shape of an entry."""
        return {
            "at": iso(self.at, timespec="milliseconds"),
            "actor": self.actor,
            "app_id": self.app_id,
            "account": self.account,
            "install_id": self.install_id,
            "version": self.version,
            "action": self.action,
            "outcome": self.outcome,
            "message": self.message,
        }
