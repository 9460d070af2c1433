"""Is content checked, kept, shown and sent?"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from mooring.sdk.channel import (
    CampaignTracking,
    ChannelContent,
    ChannelDeliverResult,
    ChannelRecipient,
    DeliveryOptions,
)
from mooring.testing import MemoryApp

from src.channel.channel import Channel

from .conftest import SERVICE

LIVE = DeliveryOptions()
MESSAGES = f"{SERVICE}/messages"


@pytest.fixture
def published(connected: MemoryApp, content: ChannelContent) -> MemoryApp:
    """Give an installation whose content is published under the key `c1`."""
    assert Channel().publish("c1", content, LIVE).success
    return connected


def test_it_is_ready_once_a_key_was_kept(memory_app: MemoryApp) -> None:
    assert not Channel().ready()


def test_it_is_ready_with_a_key_and_asks_nobody(connected: MemoryApp) -> None:
    assert Channel().ready()
    assert connected.http.requests == []


def test_good_content_is_fine(content: ChannelContent) -> None:
    assert Channel().validate(content, "live").success


def test_what_is_missing_is_shown_at_its_field() -> None:
    result = Channel().validate(ChannelContent({}, {}), "live")
    assert result.to_json()["errors"] == {
        "settings.sender.name": ["Say who sends it."],
        "template.message.text": ["Write a text."],
    }


def test_bad_content_is_not_published(connected: MemoryApp, content: ChannelContent) -> None:
    assert not Channel().publish("c1", replace(content, template={}), LIVE).success


def test_a_batch_is_sent_with_everybodys_own_text(
    published: MemoryApp, tracking: CampaignTracking, batch: list[ChannelRecipient]
) -> None:
    published.http.answer("POST", MESSAGES, status=202)
    assert Channel().deliver("c1", tracking, LIVE, batch) == ChannelDeliverResult(success=True)
    (request,) = published.http.requests
    assert json.loads(request.body) == {
        "sender": "Shop",
        "messages": [
            {"to": "+4911", "text": "Hello Ada!"},
            {"to": "+4922", "text": "Hello <Bob>!"},
        ],
    }


def test_a_batch_that_is_tried_again_carries_the_same_key(
    published: MemoryApp, tracking: CampaignTracking, batch: list[ChannelRecipient]
) -> None:
    published.http.answer("POST", MESSAGES, status=202)
    for recipients in (batch, batch, batch[:1]):
        Channel().deliver("c1", tracking, LIVE, recipients)
    keys = [request.headers["idempotency-key"] for request in published.http.requests]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (502, {}, 60.0),
        (401, {}, None),
        (400, {}, None),
    ],
)
def test_a_batch_that_failed_is_sent_again_only_if_that_may_help(
    published: MemoryApp,
    tracking: CampaignTracking,
    batch: list[ChannelRecipient],
    status: int,
    headers: dict[str, str],
    again: float | None,
) -> None:
    published.http.answer("POST", MESSAGES, status=status, headers=headers)
    result = Channel().deliver("c1", tracking, LIVE, batch)
    assert not result.success
    assert result.failure_count == 2
    assert result.failure_reason
    assert result.retry_after_seconds == again


def test_what_was_never_published_is_not_sent(
    connected: MemoryApp, tracking: CampaignTracking, batch: list[ChannelRecipient]
) -> None:
    result = Channel().deliver("other", tracking, LIVE, batch)
    assert result.failure_reason == "The content was never published."


def test_every_recipient_has_a_page(content: ChannelContent, batch: list[ChannelRecipient]) -> None:
    pages = Channel().preview(content, batch).to_json()["previews"]
    assert ["Hello Ada!" in pages[0], "Hello &lt;Bob&gt;!" in pages[1]] == [True, True]


def test_a_template_is_shown_as_it_was_written(content: ChannelContent) -> None:
    assert "Hello %%first_name%%!" in Channel().template_preview(content.template)["preview"]
