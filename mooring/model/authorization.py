"""What is known of an authorization from the press of its button until its outcome? Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Authorization:
    """One journey to a provider's consent page; ``redirect_uri`` is where it has to come back.

    ``app_state`` is the state that the app itself chose; the provider has ours in its place.
    ``outcome`` is what became of it, in the published shape of a form's answer.
    """

    state_id: str
    install_id: int
    section: str
    redirect_uri: str
    created_at: datetime
    expires_at: datetime
    app_state: str | None = None
    used_at: datetime | None = None
    outcome: Mapping[str, Any] | None = None
