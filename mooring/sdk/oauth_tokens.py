"""What do a provider's tokens say, how long are they good, and how are they kept? Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from mooring.errors import ServiceError

LONGEST_MARGIN = timedelta(minutes=5)
MARGIN_OF_LIFE = 4  # of a short-lived token's life, the last quarter
LONGEST_LIFE = 10 * 366 * 86_400.0  # seconds
CLOCKS_DIFFER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What lets an installation in at a provider; ``section`` is whose button connected it.

    Without ``expires_at`` the access token is good until the provider refuses it.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    issued_at: datetime | None = None
    scope: str = ""
    section: str = ""
    refused: bool = False

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether it is good for a while yet, so that nothing has to be renewed."""
        if self.expires_at is None:
            return True
        issued_at = self.issued_at or now
        margin = min((self.expires_at - issued_at) / MARGIN_OF_LIFE, LONGEST_MARGIN)
        return now < self.expires_at - margin

    def is_good(self, now: datetime) -> bool:
        """Tell whether it can still be used, though it should be renewed soon."""
        return self.expires_at is None or now < self.expires_at - CLOCKS_DIFFER

    def to_record(self) -> dict[str, Any]:
        """Write them as a record of the secret store."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "issued_at": self.issued_at.isoformat() if self.issued_at else None,
            "scope": self.scope,
            "section": self.section,
            "refused": self.refused,
        }


def read_record(record: Mapping[str, Any]) -> Tokens | None:
    """Read what ``to_record`` wrote; None where nothing is kept."""
    if not record.get("access_token"):
        return None
    return Tokens(
        str(record["access_token"]),
        refresh_token=str(record.get("refresh_token") or ""),
        expires_at=_moment(record.get("expires_at")),
        issued_at=_moment(record.get("issued_at")),
        scope=str(record.get("scope") or ""),
        section=str(record.get("section") or ""),
        refused=bool(record.get("refused")),
    )


def read_answer(said: Mapping[str, Any], *, place: str, now: datetime, section: str) -> Tokens:
    """Read a token endpoint's good answer. Raises ServiceError for one that has no token."""
    token, kind = said.get("access_token"), said.get("token_type", "bearer")
    if not isinstance(token, str) or not token.isprintable() or not token:
        raise ServiceError(f"The answer of {place} has no access token.")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ServiceError(f"{place} gives tokens of a type that is not bearer.")
    refresh, scope = said.get("refresh_token"), said.get("scope")
    return Tokens(
        token,
        refresh_token=refresh if isinstance(refresh, str) else "",
        expires_at=_expiry(said.get("expires_in"), now=now),
        issued_at=now,
        scope=scope if isinstance(scope, str) else "",
        section=section,
    )


def _expiry(seconds: object, *, now: datetime) -> datetime | None:
    """Read a life in seconds; some providers write it as text, some say nothing."""
    try:
        life = float(seconds)  # type: ignore[arg-type]  # whatever it is, it is a number or not
    except (TypeError, ValueError):
        return None
    return now + timedelta(seconds=min(life, LONGEST_LIFE)) if isfinite(life) else None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
