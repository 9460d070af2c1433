"""How does a provider sign its webhooks? A value; the check itself lives in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SignatureProfile:
    """An HMAC over the raw body in ``header``, as ``prefix`` + digest in ``encoding``.

    With ``algorithm_in_prefix`` the header reads ``sha1=…`` and names one of ``algorithms``.
    ``delivery_id_header`` is where the provider numbers its deliveries, if it does.
    """

    name: str
    header: str
    algorithms: tuple[str, ...] = ("sha256",)
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    algorithm_in_prefix: bool = False
    delivery_id_header: str = ""
