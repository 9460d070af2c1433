"""The datafile CDN, asked plainly and by the real SDK."""

from __future__ import annotations

import time

import httpx
import pytest
from optimizely.config_manager import PollingConfigManager, StaticConfigManager
from optimizely.optimizely import Optimizely

from sandbox.running import Running

SHOP = 20_000_000_001
KEYS = (
    "SandboxShopProd1", "SandboxShopStag1", "SandboxShopDev1", "SandboxMobileProd1",
    "SandboxMobileDev1", "SandboxLegacyProd1", "SandboxLegacyDev1",
)  # fmt: skip


def datafile_url(sandbox: Running, sdk_key: str = "SandboxShopProd1") -> str:
    return f"{sandbox.info['optimizely_cdn']}/datafiles/{sdk_key}.json"


def fetch(sandbox: Running, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(datafile_url(sandbox), headers=named, trust_env=False)


@pytest.mark.parametrize("sdk_key", KEYS)
def test_the_real_sdk_accepts_every_datafile(sandbox: Running, sdk_key: str) -> None:
    text = httpx.get(datafile_url(sandbox, sdk_key), trust_env=False).text
    config = StaticConfigManager(datafile=text).get_config()
    assert config is not None
    assert config.sdk_key == sdk_key


def test_the_polling_sdk_decides_from_the_cdn(sandbox: Running) -> None:
    template = datafile_url(sandbox, "{sdk_key}")
    manager = PollingConfigManager(
        sdk_key="SandboxShopProd1", url_template=template, blocking_timeout=10
    )
    try:
        client = Optimizely(config_manager=manager)
        user = client.create_user_context("u", {"is_vip": True, "signup_days": 400})
        assert user is not None
        decision = user.decide("loyalty_program", ["DISABLE_DECISION_EVENT"])
        assert (decision.enabled, decision.rule_key) == (True, "loyalty_for_loyal")
    finally:
        manager.stop()


def test_both_validators_give_304_without_a_body(sandbox: Running) -> None:
    first = fetch(sandbox)
    by_tag = fetch(sandbox, if_none_match=first.headers["etag"])
    by_date = fetch(sandbox, if_modified_since=first.headers["last-modified"])
    assert [by_tag.status_code, by_date.status_code] == [304, 304]
    assert by_tag.content == by_date.content == b""
    assert first.headers["cache-control"] == "max-age=120"


def test_after_a_publication_neither_validator_holds_any_longer(
    sandbox: Running,
) -> None:
    first = fetch(sandbox)
    sandbox.publish(SHOP)
    second = fetch(sandbox, if_none_match=first.headers["etag"])
    third = fetch(sandbox, if_modified_since=first.headers["last-modified"])
    assert [second.status_code, third.status_code] == [200, 200]


def test_two_publications_in_one_second_do_not_share_a_date(sandbox: Running) -> None:
    sandbox.publish(SHOP)
    first = fetch(sandbox)
    sandbox.publish(SHOP)
    second = fetch(sandbox, if_modified_since=first.headers["last-modified"])
    assert (second.status_code, second.json()["revision"]) == (200, "44")


def test_a_wrong_tag_outranks_a_fitting_date(sandbox: Running) -> None:
    first = fetch(sandbox)
    answer = fetch(
        sandbox,
        if_none_match='"other"',
        if_modified_since=first.headers["last-modified"],
    )
    assert answer.status_code == 200


def test_an_unknown_sdk_key_is_not_found(sandbox: Running) -> None:
    assert (
        httpx.get(datafile_url(sandbox, "nobody"), trust_env=False).status_code == 404
    )


def test_a_lagging_edge_serves_the_older_revision_until_its_time(
    sandbox: Running,
) -> None:
    sandbox.control("publish", project_id=SHOP, edge_lag=90)
    origin = f"{sandbox.info['optimizely_cdn']}/origin/datafiles/SandboxShopProd1.json"
    assert fetch(sandbox).json()["revision"] == "42"
    assert httpx.get(origin, trust_env=False).json()["revision"] == "43"
    sandbox.advance(90)
    assert fetch(sandbox).json()["revision"] == "43"


def test_events_that_the_sdk_sends_are_recorded(sandbox: Running) -> None:
    client = Optimizely(datafile=fetch(sandbox).text)
    logx = f"{sandbox.info['optimizely_logx']}/v1/events"
    sent: list[dict[str, object]] = []
    client.event_processor.event_dispatcher = Redirected(
        logx, sent
    )  # the SDK's own extension
    user = client.create_user_context("u", {})
    assert user is not None
    user.track_event("purchase", {"revenue": 4200})
    client.close()
    deadline = time.monotonic() + 5
    while not sandbox.received(kind="events") and time.monotonic() < deadline:
        time.sleep(0.02)
    (entry,) = sandbox.received(service="optimizely")
    assert entry["batch"]["visitors"][0]["visitor_id"] == "u"
    assert entry["batch"] == sent[0]


class Redirected:
    """Sends what the SDK wants to send to another address."""

    def __init__(self, url: str, sent: list[dict[str, object]]) -> None:
        self._url, self._sent = url, sent

    def dispatch_event(self, event: object) -> None:
        params = event.params  # type: ignore[attr-defined]  # the SDK's Event is not exported
        self._sent.append(params)
        httpx.post(self._url, json=params, trust_env=False).raise_for_status()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"account_id": 1, "visitors": []}'])
def test_malformed_events_are_refused(sandbox: Running, body: bytes) -> None:
    url = f"{sandbox.info['optimizely_logx']}/v1/events"
    assert httpx.post(url, content=body, trust_env=False).status_code == 400
    assert sandbox.received() == []
