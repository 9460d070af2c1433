"""Whoever holds a secret of the installation is let in, whichever way the service signs."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.host.apps import App
from tests.host.web.conftest import SECRET, Site, signed

OpenSite = Callable[..., Site]
OK = "return Response(200)"
BODY = b'{"id": "evt_1", "type": "paid"}'


def send(site: Site, headers: dict[str, str], body: bytes = BODY) -> httpx.Response:
    return asyncio.run(site.ask("POST", site.path("hook"), content=body, headers=headers))


def opened(app: App, site: OpenSite, verify: Any, **declared: Any) -> Site:
    made = site(app.function("hook", OK, verify=verify, **declared))
    made.set_secret("hook")
    return made


def stripe(at: float, body: bytes = BODY) -> dict[str, str]:
    signed_bytes = f"{at:.0f}.".encode() + body
    digest = hmac.new(SECRET.encode(), signed_bytes, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={at:.0f},v1={digest}"}


def stored(site: Site) -> list[str]:
    return [delivery.request for delivery in site.host.deliveries.recent()]


def test_brevos_token_lets_a_delivery_in_and_is_not_kept(app: App, site: OpenSite) -> None:
    brevo = opened(app, site, "brevo")
    assert send(brevo, {"authorization": f"Bearer {SECRET}"}).status_code == 202
    assert send(brevo, {"authorization": "Bearer guessed"}).status_code == 401
    (request,) = stored(brevo)
    assert SECRET not in request


def test_an_event_of_stripe_that_is_sent_again_is_the_same_delivery(
    app: App, site: OpenSite
) -> None:
    billing = opened(app, site, "stripe")
    first = send(billing, stripe(time.time() - 200))
    again = send(billing, stripe(time.time(), BODY + b" "), BODY + b" ")
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert len(stored(billing)) == 1


def test_an_expired_signature_that_is_replayed_stores_nothing(app: App, site: OpenSite) -> None:
    billing = opened(app, site, "stripe")
    answer = send(billing, stripe(time.time() - 301))
    assert answer.status_code == 401
    assert "more than 300 seconds" in answer.json()["error"]["message"]
    assert stored(billing) == []


def test_a_tolerance_without_a_time_lets_nothing_in(app: App, site: OpenSite) -> None:
    hook = opened(app, site, {"profile": "optimizely", "tolerance": 60}, delivery="direct")
    answer = send(hook, signed(BODY))
    assert answer.status_code == 401
    assert "does not tell when" in answer.json()["error"]["message"]
    body = f'{{"timestamp": {time.time():.0f}}}'.encode()
    assert send(hook, signed(body), body).status_code == 200


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_a_secret_changes_both_are_good(app: App, site: OpenSite, secret: str) -> None:
    hook = opened(app, site, "optimizely", delivery="direct")
    record = {"values": ["new", "old"]}
    hook.host.secrets(hook.installation).put("hook_signature", record)
    assert send(hook, signed(BODY, secret)).status_code == 200
    assert send(hook, signed(BODY, SECRET)).status_code == 401


def test_a_service_may_have_a_secret_of_another_name(app: App, site: OpenSite) -> None:
    verify = {"profile": "github", "secret": "acme/webhook"}
    hook = site(app.function("hook", OK, verify=verify, delivery="direct"))
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    answer = send(hook, {"x-hub-signature-256": f"sha256={digest}"})
    assert answer.status_code == 503
    assert "mooring secrets shop set acme/webhook" in answer.json()["error"]["hint"]
    hook.host.secrets(hook.installation).put("acme/webhook", {"value": SECRET})
    time.sleep(0.6)  # a changed secret is noticed within half a second
    assert send(hook, {"x-hub-signature-256": f"sha256={digest}"}).status_code == 200
