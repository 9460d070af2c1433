"""Send campaigns as text messages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mooring.sdk import Channel as BaseChannel
from mooring.sdk import errors, storage
from mooring.sdk.channel import (
    CampaignTracking,
    ChannelContent,
    ChannelContentResult,
    ChannelDeliverResult,
    ChannelPreviewResult,
    ChannelRecipient,
    DeliveryOptions,
    Mode,
)

from ..clients.messages import Messages
from ..core.texts import fault_of, filled, page

IDENTIFIER = "phone"
WAIT_SECONDS = 60.0


class Channel(BaseChannel):
    """Content is kept when it is published, and sent batch by batch."""

    def ready(self) -> bool:
        """Say whether an API key was tried and kept; asked often, so it calls nobody."""
        return bool(_api_key())

    def validate(self, content: ChannelContent, mode: Mode) -> ChannelContentResult:
        """Check content before it is previewed, tested or sent."""
        result = ChannelContentResult()
        if not _sender(content):
            result.add_error("settings", "sender", "name", "Say who sends it.")
        if fault := fault_of(_text(content.template)):
            result.add_error("template", "message", "text", fault)
        return result

    def publish(
        self, content_key: str, content: ChannelContent, options: DeliveryOptions
    ) -> ChannelContentResult:
        """Keep what delivery needs; equal keys always come with equal content."""
        result = self.validate(content, "test" if options.test else "live")
        if result.success:
            kept = {"sender": _sender(content), "text": _text(content.template)}
            storage.kv_store.put(_kept_under(content_key), kept)
        return result

    def deliver(
        self,
        content_key: str,
        tracking: CampaignTracking,
        options: DeliveryOptions,
        batch: Sequence[ChannelRecipient],
        previous_result: ChannelDeliverResult | None = None,
    ) -> ChannelDeliverResult:
        """Send to everybody in the batch or, if it fails, to nobody."""
        kept = storage.kv_store.get(_kept_under(content_key))
        if not kept:
            return _failed("The content was never published.", batch)
        messages = _messages(kept["text"], batch)
        key = _batch_key(content_key, tracking, messages)
        try:
            Messages(_api_key()).send(kept["sender"], messages, key=key)
        except errors.RateLimited as error:
            return _failed("The service asks to wait.", batch, again=error.retry_after)
        except errors.ServiceUnavailable as error:
            return _failed(error.message, batch, again=WAIT_SECONDS)
        except errors.CredentialsRejected:
            return _failed("The API key is no longer accepted: connect again.", batch)
        except errors.RequestRefused as error:
            return _failed(error.message, batch)
        return ChannelDeliverResult(success=True)

    def preview(
        self, content: ChannelContent, batch: Sequence[ChannelRecipient]
    ) -> ChannelPreviewResult:
        """Show each recipient's message as a page."""
        text = _text(content.template)
        pages = [page(_sender(content), filled(text, one.substitutions)) for one in batch]
        return ChannelPreviewResult(pages)

    def template_preview(self, template: Mapping[str, Any]) -> Mapping[str, str]:
        """Show the text as it was written."""
        return {"preview": page("", _text(template))}


def _api_key() -> str:
    return str(storage.settings.get("connection").get("api_key", ""))


def _sender(content: ChannelContent) -> str:
    return str((content.settings.get("sender") or {}).get("name") or "")


def _text(template: Mapping[str, Any]) -> str:
    return str((template.get("message") or {}).get("text") or "")


def _kept_under(content_key: str) -> str:
    return f"content/{content_key}"


def _messages(text: str, batch: Sequence[ChannelRecipient]) -> list[dict[str, str]]:
    return [
        {"to": number, "text": filled(text, one.substitutions)}
        for one in batch
        for number in one.recipient.get(IDENTIFIER, ())
    ]


def _batch_key(
    content_key: str, tracking: CampaignTracking, messages: Sequence[dict[str, str]]
) -> str:
    """Name this batch of this campaign, so that the service sends it once."""
    said = json.dumps([content_key, tracking.campaign_schedule_run_ts, list(messages)])
    return hashlib.sha256(said.encode()).hexdigest()


def _failed(
    reason: str, batch: Sequence[ChannelRecipient], *, again: float | None = None
) -> ChannelDeliverResult:
    return ChannelDeliverResult(
        success=False, failure_reason=reason, failure_count=len(batch), retry_after_seconds=again
    )
