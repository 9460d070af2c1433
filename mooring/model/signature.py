"""How does a provider sign its webhooks? A value; the check itself lives in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SignatureProfile:
    """What ``header`` carries, and what it proves.

    ``digest`` is an HMAC over the raw body, as ``prefix`` + digest in ``encoding``; with
    ``algorithm_in_prefix`` it reads ``sha1=…`` and names one of ``algorithms``. ``timestamped``
    reads ``t=SECONDS,v1=DIGEST`` (``v1`` several times while secrets change) over ``SECONDS.body``.
    ``bearer`` is the secret itself, after ``Bearer``; it proves the sender and nothing of the body.

    ``delivery_id_header`` is where the provider numbers its deliveries, ``delivery_id_field`` where
    the JSON body does. ``tolerance`` is the age, in seconds, up to which a request is taken unless
    a manifest says another.
    """

    name: str
    header: str
    algorithms: tuple[str, ...] = ("sha256",)
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    algorithm_in_prefix: bool = False
    delivery_id_header: str = ""
    delivery_id_field: str = ""
    scheme: Literal["digest", "timestamped", "bearer"] = "digest"
    tolerance: float | None = None
