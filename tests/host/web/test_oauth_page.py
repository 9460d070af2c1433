"""What the page is on which somebody lands, and what is left of their visit."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest

from mooring.adapters.home import Addresses
from mooring.adapters.repositories.authorizations import Authorizations
from mooring.hosting.host import Host
from mooring.model.installation import Installation
from mooring.web.oauth import PAGES
from tests.host.web.conftest import Site
from tests.host.web.connecting import (
    CODE,
    app,
    come_back,
    log_of,
    press,
    shop,
    state_of,
)

__all__ = ["app", "shop"]


# -- what the page is, and what is left behind ----------------------------------------------------


def test_the_page_runs_nothing_loads_nothing_and_is_kept_nowhere(
    shop: Callable[..., Site],
) -> None:
    site = shop()
    page = come_back(site, state=state_of(press(site)), code=CODE)
    style = re.findall("<style>(.*?)</style>", page.text, re.DOTALL)[0]
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "location" not in page.headers
    assert not re.search("<script|<img|<link|<form|http-equiv", page.text)


@pytest.mark.parametrize("end", sorted(PAGES))
def test_every_end_has_a_title_a_sentence_and_a_next_step(
    shop: Callable[..., Site], end: str
) -> None:
    page = shop().server._callback._page(end, app="Shop", section="Account")
    text = page.text
    assert '<html lang="en">' in text
    assert text.count("<h1") == 1
    assert "What to do next" in text
    assert "{" not in re.sub("<style>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.search(
        r"OAuth|token|state\b|PKCE|HTTP|redirect",
        re.sub("<style>.*?</style>", "", text, flags=re.DOTALL),
    )


def test_the_page_leads_back_to_the_console_that_runs(shop: Callable[..., Site]) -> None:
    site = shop()
    addresses = Addresses("http://127.0.0.1:8080", "http://127.0.0.1:3000", 1)
    site.host.home.record_addresses(addresses)
    page = come_back(site, state=state_of(press(site)), code=CODE)
    links = re.findall('href="([^"]+)"', page.text)
    assert links == ["http://127.0.0.1:3000/apps/shop/settings"]
    assert re.findall('href="([^"]+)"', come_back(site, state="x").text) == []


def test_neither_code_nor_state_is_left_anywhere(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    page = come_back(site, state=state, code=CODE)
    kept = b"".join(p.read_bytes() for p in site.host.home.path.rglob("*") if p.is_file())
    for place in (page.text, str(page.headers), log_of(site), kept.decode("latin-1")):
        assert CODE not in place
        assert state not in place
    assert "authorization.ended" in log_of(site)


def test_what_strangers_send_does_not_push_secrets_out_of_the_mask(
    shop: Callable[..., Site],
) -> None:
    site = shop()
    come_back(site, state="made-up.signature", code=CODE)
    assert site.host.masker.hide(CODE) == CODE


def test_the_app_gets_the_query_and_no_cookie(shop: Callable[..., Site]) -> None:
    site = shop()
    headers = {"cookie": "session=canary", "authorization": "Bearer canary", "x-shop": "yes"}
    params = {"state": state_of(press(site)), "code": CODE, "shop": "north"}

    async def ask() -> httpx.Response:
        return await site.ask("GET", "/oauth/shop/callback", params=params, headers=headers)

    assert asyncio.run(ask()).status_code == 200
    log = log_of(site)
    assert "north" in log
    assert "x-shop" in log
    assert "canary" not in log


def test_what_became_of_it_is_written_down(shop: Callable[..., Site]) -> None:
    site = shop()
    state = state_of(press(site))
    come_back(site, state=state, code=CODE)
    found = Authorizations(site.host.database).get(state.partition(".")[0])
    assert found is not None
    assert found.outcome is not None
    assert found.outcome["ok"] is True
    entries = site.host.history.of(install_id=site.installation.install_id)
    assert (entries[0].action, entries[0].outcome) == ("authorization", "done")


def test_what_was_declined_is_in_the_history_too(shop: Callable[..., Site]) -> None:
    site = shop()
    come_back(site, state=state_of(press(site)), error="access_denied")
    latest = site.host.history.of(install_id=site.installation.install_id)[0]
    assert (latest.action, latest.outcome) == ("authorization", "denied")


def test_connecting_again_lifts_the_mark_and_setting_out_does_not(
    shop: Callable[..., Site],
) -> None:
    from mooring.errors import CredentialsRejected

    site = shop()
    host, installation = site.host, site.installation
    host.attention.raise_for(installation, CredentialsRejected("Ended.", section="account"))
    outcome = press(site)
    assert attention_of(host, installation) is not None
    come_back(site, state=state_of(outcome), code=CODE)
    assert attention_of(host, installation) is None


def attention_of(host: Host, installation: Installation) -> Any:
    return host.installations.get(installation.install_id).attention
