"""How the sandbox itself calls somebody: webhooks and import notifications."""

from __future__ import annotations

from dataclasses import dataclass

TIMEOUT = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a call: the receiver's status, or why there is none."""

    url: str
    status: int | None
    error: str | None = None


async def post(url: str, body: bytes, *, headers: dict[str, str] | None = None) -> Posted:
    """Post JSON once, directly, without proxies or redirects."""
    # Imported here: it is half of the start-up time, and most runs call nobody.
    import httpx

    sent = {"content-type": "application/json"} | (headers or {})
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            answer = await client.post(url, content=body, headers=sent)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Posted(url, None, f"{type(error).__name__}: {error}")
    return Posted(url, answer.status_code)
