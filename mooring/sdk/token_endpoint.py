"""What does an app ask a provider's token endpoint, and what does its answer mean?"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from mooring.errors import MooringError, ServiceError, ServiceUnavailable
from mooring.sdk import http
from mooring.sdk.context import Services
from mooring.sdk.oauth_tokens import Tokens, read_answer
from mooring.sdk.ports import HttpResponse

TIMEOUT = 30.0  # seconds of one exchange with the provider, its retries included
REFUSALS = frozenset({400, 401, 403})
PASSING = frozenset({"server_error", "slow_down", "temporarily_unavailable"})
ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Client:
    """The app as the provider knows it, and where tokens are given out.

    ``basic`` sends the secret as HTTP Basic authentication instead of in the form.
    """

    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    basic: bool = False


def ask(client: Client, form: Mapping[str, str], *, repeatable: bool) -> HttpResponse:
    """Ask for tokens. Raises ServiceUnavailable for what passes by itself."""
    headers = {"accept": "application/json"}
    if client.basic:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        own = {}
    else:
        own = {"client_id": client.client_id, "client_secret": client.client_secret}
    answer = http.post(
        client.token_url,
        data={**form, **{name: value for name, value in own.items() if value}},
        headers=headers,
        timeout=TIMEOUT,
        idempotent=repeatable,
        # In a plan too: nothing could be read without it, and what is renewed is kept.
        reads=True,
        volatile=True,
    )
    if error_of(answer) in PASSING:
        raise ServiceUnavailable(f"{answer.place} says {error_of(answer)}.", status=answer.status)
    return answer


def is_refusal(answer: HttpResponse) -> bool:
    """Tell whether the provider declined; some do so with status 200."""
    return answer.status in REFUSALS or bool(error_of(answer))


def tokens_of(answer: HttpResponse, services: Services, *, section: str) -> Tokens:
    """Read the tokens of a good answer, and keep them out of what is written down."""
    answer.raise_for_status()
    said = _said(answer)
    for name in ("access_token", "refresh_token", "id_token"):
        if isinstance(secret := said.get(name), str):
            services.oauth.conceal(secret)
    return read_answer(said, place=answer.place, now=services.clock.now(), section=section)


def _said(answer: HttpResponse) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except MooringError:
        said = None
    if not isinstance(said, dict):
        raise ServiceError(f"The answer of {answer.place} is not a JSON object.")
    return said


def error_of(answer: HttpResponse) -> str:
    """Return the code of an error, which some providers send with status 200."""
    try:
        return named(_said(answer).get("error"))
    except ServiceError:
        return ""


def reason(answer: HttpResponse) -> str:
    """Say why the provider declined."""
    return error_of(answer) or f"status {answer.status}"


def named(code: object) -> str:
    """Return an error's code, which a provider or a passer-by may have made up."""
    if code is None:
        return ""
    return code if isinstance(code, str) and ERROR_CODE.fullmatch(code) else "an unreadable error"
