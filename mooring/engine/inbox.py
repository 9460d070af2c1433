"""How is a webhook request kept for later, told from a repeated one, and judged when handled?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

from mooring.engine.functions import Outcome
from mooring.engine.problems import Hide
from mooring.engine.signatures import delivery_name
from mooring.errors import (
    CredentialsRejected,
    RateLimited,
    RecordInvalid,
    RequestInvalid,
    SignatureInvalid,
    in_words,
)
from mooring.model.delivery import Delivery
from mooring.model.signature import SignatureProfile
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import Request

ACCEPTING_METHODS = frozenset({"POST", "PUT", "PATCH"})
MOST_ATTEMPTS = 8
FIRST_WAIT = 2.0  # seconds; each wait is four times the one before
LONGEST_WAIT = 3600.0
RECONNECT_WAIT = 600.0
LONGEST_ERROR = 1000  # characters
LONGEST_NUMBER = 200  # characters of a provider's number; a longer one is digested

# What no second attempt can mend, for the request stays as it is.
HOPELESS = (RequestInvalid, RecordInvalid, SignatureInvalid)


@dataclass(frozen=True, slots=True)
class Done:
    """The function handled the delivery."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The function failed; it gets the delivery again at ``due_at``."""

    due_at: datetime
    error: str
    counts: bool = True  # as one of the attempts that a delivery has


@dataclass(frozen=True, slots=True)
class Bury:
    """The delivery is set aside, with the reason."""

    error: str


Verdict: TypeAlias = Done | Retry | Bury


def is_suspect(delivery: Delivery) -> bool:
    """Whether an attempt was begun whose end nobody noted: its process ended, perhaps by it."""
    return delivery.attempts > 0 and delivery.error is None


def given_up(delivery: Delivery) -> Bury | None:
    """Bury what was begun as often as it may be, and never came to an end."""
    if delivery.attempts < MOST_ATTEMPTS:
        return None
    return Bury(
        f"It was begun {delivery.attempts} times, and the last time the server ended meanwhile. "
        "Does the function exhaust the memory or call os._exit?"
    )


def verdict(delivery: Delivery, outcome: Outcome, *, now: datetime, hide: Hide) -> Verdict:
    """Say what becomes of a delivery; ``delivery.attempts`` counts those before this."""
    if outcome.error is None and outcome.response.status < 500:
        return Done()
    error = hide(_reason(outcome))[:LONGEST_ERROR]
    if isinstance(outcome.error, CredentialsRejected) and delivery.install_id:
        # People renew credentials, which takes its time; the save of them makes this due at once.
        return Retry(now + timedelta(seconds=RECONNECT_WAIT), error, counts=False)
    if isinstance(outcome.error, HOPELESS):
        return Bury(error)
    return _failed(delivery, error, wait=_wait(delivery.attempts, outcome.error), now=now)


def overran(delivery: Delivery, *, seconds: float, now: datetime) -> Verdict:
    """Say what becomes of a delivery whose function did not end in time: a failure like others."""
    said = f"The function did not end within {seconds:g} seconds. Long work belongs in a job."
    return _failed(delivery, said, wait=_wait(delivery.attempts, None), now=now)


def dedupe_key(request: Request, profile: SignatureProfile | None) -> str:
    """Name a request so that a repeated one has the same name.

    The provider's own number of the delivery counts; else what was signed, and where it was sent.
    """
    number, signed = delivery_name(request.body, request.headers, profile)
    if number and len(number) <= LONGEST_NUMBER:
        return f"id:{number}"
    parts = [request.method, request.path, dict(request.params), number]
    digest = hashlib.sha256(msgspec.json.encode(parts, order="sorted"))
    digest.update(b"" if number else signed)
    return f"sha256:{digest.hexdigest()}"


class _Wire(msgspec.Struct):
    """A request as it is stored; in JSON the body is base64."""

    method: str
    path: str
    params: dict[str, str | list[str]]
    headers: list[tuple[str, str]]
    body: bytes


_WIRE = msgspec.json.Decoder(_Wire)


def to_wire(request: Request, profile: SignatureProfile | None = None) -> str:
    """Write a request as text for storage; a secret that proved its sender is left out."""
    secret = profile.header.lower() if profile and profile.scheme == "bearer" else ""
    wire = _Wire(
        request.method,
        request.path,
        dict(request.params),
        [(name, value) for name, value in request.headers.items() if name != secret],
        request.body,
    )
    return msgspec.json.encode(wire).decode("utf-8")


def from_wire(text: str) -> Request:
    """Read a request that ``to_wire`` wrote. Raises RecordInvalid for anything else."""
    try:
        wire = _WIRE.decode(text)
    except msgspec.DecodeError as error:
        raise RecordInvalid(
            "The request that was kept cannot be read: it was changed, or its key is gone.",
            hint="Let the sender send it again.",
        ) from error
    return Request(
        method=wire.method,
        path=wire.path,
        params=wire.params,
        headers=Headers(wire.headers),
        body=wire.body,
    )


def _reason(outcome: Outcome) -> str:
    if outcome.error is not None:
        return in_words(outcome.error)
    return f"The function answered with status {outcome.response.status}."


def _failed(delivery: Delivery, error: str, *, wait: float, now: datetime) -> Verdict:
    if delivery.attempts + 1 >= MOST_ATTEMPTS:
        return Bury(error)
    return Retry(now + timedelta(seconds=wait), error)


def _wait(failures: int, error: BaseException | None) -> float:
    wait = min(FIRST_WAIT * 4.0**failures, LONGEST_WAIT)
    return max(wait, error.retry_after) if isinstance(error, RateLimited) else wait
