"""Did the holder of the secret sign exactly these bytes? Pure; the raw body decides, unparsed."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from mooring.errors import ConfigurationInvalid, SignatureInvalid
from mooring.model.manifest import Verification
from mooring.model.signature import SignatureProfile
from mooring.sdk.headers import Headers

SPELLED_OUT = "hmac"
HEX = re.compile(r"(?:[0-9a-fA-F]{2})+", re.ASCII)
MILLISECONDS_FROM = 100_000_000_000  # as seconds, this is the year 5138


def profile_of(
    verification: Verification, profiles: Mapping[str, SignatureProfile]
) -> SignatureProfile:
    """Return the profile that a manifest names or spells out. Raises ConfigurationInvalid."""
    if verification.profile == SPELLED_OUT:
        return SignatureProfile(
            name=SPELLED_OUT,
            header=verification.header,
            algorithms=(verification.algorithm,),
            encoding="base64" if verification.encoding == "base64" else "hex",
            prefix=verification.prefix,
        )
    if verification.profile not in profiles:
        known = ", ".join(sorted({*profiles, SPELLED_OUT}))
        raise ConfigurationInvalid(
            f"This host knows no signature profile {verification.profile}.",
            where="app.yml",
            hint=f"It knows: {known}.",
        )
    return profiles[verification.profile]


def check(
    body: bytes,
    headers: Headers,
    *,
    verification: Verification,
    profiles: Mapping[str, SignatureProfile],
    secret: str,
    now: datetime,
) -> None:
    """Return if the request is signed with ``secret``, and recently where that is asked for.

    Raises SignatureInvalid, ConfigurationInvalid for an unknown profile or an empty secret.
    """
    if not secret:
        raise ConfigurationInvalid("A signature cannot be checked against an empty secret.")
    profile = profile_of(verification, profiles)
    algorithm, digest = _claimed(headers, profile)
    expected = hmac.digest(secret.encode("utf-8"), body, algorithm)
    if not hmac.compare_digest(expected, digest):
        raise SignatureInvalid(
            f"The signature in {profile.header} does not fit the body.",
            hint="Check that sender and receiver have the same secret.",
        )
    if verification.tolerance is not None:
        _check_age(body, tolerance=verification.tolerance, now=now)


def _claimed(headers: Headers, profile: SignatureProfile) -> tuple[str, bytes]:
    """Read algorithm and digest from the one header that carries them. Raises SignatureInvalid."""
    values = headers.get_all(profile.header)
    if len(values) != 1:
        amount = "is missing" if not values else f"came {len(values)} times"
        raise SignatureInvalid(
            f"The signature header {profile.header} {amount}.",
            hint="Sign the raw body with the secret that was agreed on.",
        )
    text = values[0].strip()
    algorithm = profile.algorithms[0]
    if profile.algorithm_in_prefix:
        algorithm, _, text = text.partition("=")
        algorithm = algorithm.lower()
        if algorithm not in profile.algorithms:
            raise _malformed(profile)
    elif not text.startswith(profile.prefix):
        raise _malformed(profile)
    else:
        text = text.removeprefix(profile.prefix)
    return algorithm, _decoded(text, profile)


def _decoded(text: str, profile: SignatureProfile) -> bytes:
    if profile.encoding == "hex":
        if not HEX.fullmatch(text):
            raise _malformed(profile)
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(profile) from None


def _malformed(profile: SignatureProfile) -> SignatureInvalid:
    """Describe the form alone: what arrived is not repeated."""
    prefix = profile.prefix
    if profile.algorithm_in_prefix:
        prefix = " or ".join(f"{algorithm}=" for algorithm in profile.algorithms)
    form = f"{prefix} and then the digest" if prefix else "the digest alone"
    return SignatureInvalid(
        f"The signature header {profile.header} is malformed.",
        hint=f"It reads: {form}, in {profile.encoding}.",
    )


def _check_age(body: bytes, *, tolerance: float, now: datetime) -> None:
    """Refuse what was signed too long ago, where the signed body tells its time."""
    sent_at = _timestamp(body)
    if sent_at is not None and abs((now - sent_at).total_seconds()) > tolerance:
        raise SignatureInvalid(
            f"The request was signed more than {tolerance:g} seconds away from now.",
            hint="Check the clocks of both sides, or raise the tolerance in app.yml.",
        )


def _timestamp(body: bytes) -> datetime | None:
    """Find ``timestamp`` (Unix seconds or milliseconds) in a JSON object; None if it has none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    value = found.get("timestamp") if isinstance(found, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = cast(float, value / 1000 if abs(value) >= MILLISECONDS_FROM else value)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
