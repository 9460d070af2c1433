"""What does a job need in order to set records aside? A protocol, and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from mooring.errors import RecordInvalid
from mooring.model.dead_letter import DeadLetter
from mooring.sdk.records import as_map, checked_key, encoded

RECORD_BYTES = 256 * 1024
REASON_CHARACTERS = 2000


class DeadLettersPort(Protocol):
    """The dead letters of the present installation, by job and key."""

    def set_aside(
        self, *, job: str, run_id: str, key: str, record: Mapping[str, Any], reason: str
    ) -> None:
        """Keep a record that could not be handled, or the newest reason of one that is kept.

        Done again by the same run it counts once. Raises RecordInvalid.
        """

    def handled(self, *, job: str, keys: Sequence[str]) -> int:
        """Forget what is kept under these keys; return how many were."""

    def of(self, *, job: str, keys: Sequence[str]) -> dict[str, DeadLetter]:
        """Return those that are kept among these keys. Raises RecordInvalid."""

    def asked_of(self, *, job: str, run_id: str, limit: int) -> list[DeadLetter]:
        """Return those that this run is to handle once more, by key. Raises RecordInvalid."""


def checked_letter(
    key: str, record: Mapping[str, Any], reason: str, *, hide: Callable[[str], str]
) -> tuple[str, str]:
    """Return record and reason as text to be kept. Raises RecordInvalid, which quotes no value.

    Secrets in the reason are hidden before it is cut: half of one would not be recognised.
    """
    text = encoded(checked_key(key), as_map(key, record), RECORD_BYTES)
    said: object = reason  # apps need not be checked by a type checker
    if not isinstance(said, str) or not said.strip():
        raise RecordInvalid(
            "A record is set aside with a reason, in a sentence for people.",
            where=key,
            hint='For example "The shop has no product 17."',
        )
    return text, hide(said.strip())[:REASON_CHARACTERS]
