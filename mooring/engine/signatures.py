"""Did a holder of the secret send exactly these bytes? Pure; the raw body decides, unparsed.

What is malformed takes as long as what is wrong: every secret is tried before anything is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mooring.errors import ConfigurationInvalid, SignatureInvalid
from mooring.model.manifest import Verification
from mooring.model.signature import SignatureProfile
from mooring.sdk.headers import Headers

SPELLED_OUT = "hmac"
HEX = re.compile(r"(?:[0-9a-fA-F]{2})+", re.ASCII)
SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
MOST_DIGESTS = 8  # in one header; a provider sends two while a secret changes
MILLISECONDS_FROM = 100_000_000_000  # as seconds, this is the year 5138
FORM_HINT = "Sign the raw body with the secret that was agreed on."


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says of itself: any of ``digests`` over ``signed``; or what is wrong with it.

    ``sent_at`` is the text of a timestamp that is signed apart from the body.
    """

    algorithm: str
    digests: tuple[bytes, ...] = ()
    sent_at: str = ""
    fault: SignatureInvalid | None = None

    def signed(self, body: bytes) -> bytes:
        """Return the bytes that the digests are over."""
        return f"{self.sent_at}.".encode("ascii") + body if self.sent_at else body


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


def secret_values(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the secrets of a record: its ``value``, and every one of its ``values``."""
    several = record.get("values")
    found = [record.get("value"), *(several if isinstance(several, list) else ())]
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str) and each))


def check(
    body: bytes,
    headers: Headers,
    *,
    verification: Verification,
    profiles: Mapping[str, SignatureProfile],
    secrets: Sequence[str],
    now: datetime,
) -> None:
    """Return if the request is signed with one of ``secrets``, and recently where that is asked.

    Raises SignatureInvalid, ConfigurationInvalid for an unknown profile or without a secret.
    """
    if not secrets or not all(secrets):
        raise ConfigurationInvalid("A signature cannot be checked against an empty secret.")
    profile = profile_of(verification, profiles)
    claim = _claimed(headers, profile)
    proven = _proven(claim, body, profile=profile, secrets=secrets)
    if claim.fault is not None:
        raise claim.fault
    if not proven:
        raise _wrong(profile)
    tolerance = profile.tolerance if verification.tolerance is None else verification.tolerance
    if tolerance is not None:
        _check_age(claim.sent_at, body, tolerance=tolerance, now=now)


def delivery_name(
    body: bytes, headers: Headers, profile: SignatureProfile | None
) -> tuple[str, bytes]:
    """Return the provider's own number of a delivery (empty if it has none) and what it signed.

    A signature is no part of that: hex has two spellings, a retry may be signed with a new secret.
    """
    if profile is None:
        return "", body
    number = headers.get(profile.delivery_id_header) if profile.delivery_id_header else None
    if profile.delivery_id_field:
        found = _json_object(body).get(profile.delivery_id_field)
        number = found if isinstance(found, str) else None
    if profile.scheme != "timestamped":
        return number or "", body
    return number or "", _claimed(headers, profile).signed(body)


def _proven(
    claim: _Claim, body: bytes, *, profile: SignatureProfile, secrets: Sequence[str]
) -> bool:
    """Compare with what every secret gives, also after one has fitted."""
    signed = claim.signed(body)
    proven = False
    for secret in secrets:
        key = secret.encode("utf-8", "surrogatepass")
        if profile.scheme == "bearer":
            expected = hashlib.sha256(key).digest()  # of one length, whatever the secret's
        else:
            expected = hmac.digest(key, signed, claim.algorithm)
        for digest in claim.digests:
            proven |= hmac.compare_digest(expected, digest)
    return proven


def _claimed(headers: Headers, profile: SignatureProfile) -> _Claim:
    """Read what the one header says that carries the proof."""
    values = headers.get_all(profile.header)
    if len(values) != 1:
        amount = "is missing" if not values else f"came {len(values)} times"
        return _faulty(profile, f"The signature header {profile.header} {amount}.", FORM_HINT)
    text = values[0].strip()
    if profile.scheme == "bearer":
        return _bearer(text, profile)
    if profile.scheme == "timestamped":
        return _timestamped(text, profile)
    algorithm = profile.algorithms[0]
    if profile.algorithm_in_prefix:
        algorithm, _, text = text.partition("=")
        algorithm = algorithm.lower()
        if algorithm not in profile.algorithms:
            return _malformed(profile)
    elif not text.startswith(profile.prefix):
        return _malformed(profile)
    else:
        text = text.removeprefix(profile.prefix)
    digest = _decoded(text, profile)
    return _Claim(algorithm, (digest,)) if digest else _malformed(profile)


def _bearer(text: str, profile: SignatureProfile) -> _Claim:
    scheme, _, token = text.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return _malformed(profile)
    # The bytes that arrived: servers read headers as Latin-1, whatever the sender meant.
    sent = token.strip().encode("latin-1", "replace")
    return _Claim("sha256", (hashlib.sha256(sent).digest(),))


def _timestamped(text: str, profile: SignatureProfile) -> _Claim:
    """Read ``t=…,v1=…[,v1=…]``; schemes of other names are none of ours."""
    parts = [part.strip().partition("=") for part in text.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    digests = [_decoded(value, profile) for name, _, value in parts if name == "v1"]
    known = [digest for digest in digests if digest]
    if len(times) != 1 or not SECONDS.fullmatch(times[0]):
        return _malformed(profile)
    if not known or len(digests) > MOST_DIGESTS:
        return _malformed(profile)
    return _Claim(profile.algorithms[0], tuple(known), times[0])


def _decoded(text: str, profile: SignatureProfile) -> bytes | None:
    if profile.encoding == "hex":
        return bytes.fromhex(text) if HEX.fullmatch(text) else None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _faulty(profile: SignatureProfile, said: str, hint: str) -> _Claim:
    return _Claim(profile.algorithms[0], fault=SignatureInvalid(said, hint=hint))


def _malformed(profile: SignatureProfile) -> _Claim:
    """Describe the form alone: what arrived is not repeated."""
    said = f"The signature header {profile.header} is malformed."
    return _faulty(profile, said, f"It reads: {_form(profile)}.")


def _form(profile: SignatureProfile) -> str:
    if profile.scheme == "bearer":
        return "Bearer, a space and the token"
    if profile.scheme == "timestamped":
        return f"t=SECONDS,v1=DIGEST, the digest in {profile.encoding}"
    prefix = profile.prefix
    if profile.algorithm_in_prefix:
        prefix = " or ".join(f"{algorithm}=" for algorithm in profile.algorithms)
    form = f"{prefix} and then the digest" if prefix else "the digest alone"
    return f"{form}, in {profile.encoding}"


def _wrong(profile: SignatureProfile) -> SignatureInvalid:
    if profile.scheme == "bearer":
        said = f"The token in {profile.header} is not the one that was agreed on."
    else:
        said = f"The signature in {profile.header} does not fit the body."
    return SignatureInvalid(said, hint="Check that sender and receiver have the same secret.")


def _check_age(sent_at: str, body: bytes, *, tolerance: float, now: datetime) -> None:
    """Refuse what was signed too long ago or does not tell when. Raises SignatureInvalid."""
    moment = _moment(float(sent_at)) if sent_at else _timestamp(body)
    if moment is None:
        raise SignatureInvalid(
            "The request does not tell when it was signed, and only recent ones are taken.",
            hint="Send `timestamp` (Unix seconds) in a JSON body, or remove tolerance in app.yml.",
        )
    if abs((now - moment).total_seconds()) > tolerance:
        raise SignatureInvalid(
            f"The request was signed more than {tolerance:g} seconds away from now.",
            hint="Check the clocks of both sides, or raise the tolerance in app.yml.",
        )


def _timestamp(body: bytes) -> datetime | None:
    """Find ``timestamp`` (Unix seconds or milliseconds) in a JSON object; None if it has none."""
    value = _json_object(body).get("timestamp")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _moment(value)


def _moment(seconds: float) -> datetime | None:
    try:
        if abs(seconds) >= MILLISECONDS_FROM:
            seconds /= 1000
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
