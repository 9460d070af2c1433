"""The datafile CDN, asked plainly and by the real SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from optimizely.config_manager import PollingConfigManager, StaticConfigManager
from optimizely.event_dispatcher import CustomEventDispatcher
from optimizely.helpers.event_tag_utils import EventTags
from optimizely.optimizely import Optimizely
from optimizely.optimizely_user_context import UserAttributes

from sandbox.running import Running

if TYPE_CHECKING:
    from optimizely.event_builder import Event

SHOP = 20_000_000_001
KEYS = (
    "SandboxShopProd1", "SandboxShopStag1", "SandboxShopDev1", "SandboxMobileProd1",
    "SandboxMobileDev1", "SandboxLegacyProd1", "SandboxLegacyDev1",
)  # fmt: skip


def datafile_url(sandbox: Running, sdk_key: str = "SandboxShopProd1") -> str:
    return f"{sandbox.info['optimizely_cdn']}/datafiles/{sdk_key}.json"


def fetch(sandbox: Running, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sandbox.http.get(datafile_url(sandbox), headers=named)


@pytest.mark.parametrize("sdk_key", KEYS)
def test_the_real_sdk_accepts_every_datafile(sandbox: Running, sdk_key: str) -> None:
    text = sandbox.http.get(datafile_url(sandbox, sdk_key)).text
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
        attributes = UserAttributes({"is_vip": True, "signup_days": 400})
        user = client.create_user_context("u", attributes)
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
    assert sandbox.http.get(datafile_url(sandbox, "nobody")).status_code == 404


def test_a_lagging_edge_serves_the_older_revision_until_its_time(
    sandbox: Running,
) -> None:
    sandbox.control("publish", project_id=SHOP, edge_lag=90)
    origin = f"{sandbox.info['optimizely_cdn']}/origin/datafiles/SandboxShopProd1.json"
    assert fetch(sandbox).json()["revision"] == "42"
    assert sandbox.http.get(origin).json()["revision"] == "43"
    sandbox.advance(90)
    assert fetch(sandbox).json()["revision"] == "43"


def test_events_that_the_sdk_sends_are_recorded(sandbox: Running) -> None:
    dispatcher = Redirected(sandbox.http, f"{sandbox.info['optimizely_logx']}/v1/events")
    client = Optimizely(datafile=fetch(sandbox).text, event_dispatcher=dispatcher)
    tags = EventTags({"revenue": 4200})
    client.track("purchase", "u", event_tags=tags)
    client.close()
    (entry,) = sandbox.received(service="optimizely")
    assert entry["kind"] == "events"
    assert entry["batch"]["visitors"][0]["visitor_id"] == "u"
    assert entry["batch"] == dispatcher.sent


class Redirected(CustomEventDispatcher):
    """Sends what the SDK wants to send to another address."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http, self._url = http, url
        self.sent: dict[str, Any] = {}

    def dispatch_event(self, event: Event) -> None:
        self.sent = event.params
        self._http.post(self._url, json=event.params).raise_for_status()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"account_id": 1, "visitors": []}'])
def test_malformed_events_are_refused(sandbox: Running, body: bytes) -> None:
    url = f"{sandbox.info['optimizely_logx']}/v1/events"
    assert sandbox.http.post(url, content=body).status_code == 400
    assert sandbox.received() == []
