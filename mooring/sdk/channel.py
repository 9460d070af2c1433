"""What is a channel? The base class for apps that deliver campaigns, and its values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from mooring.sdk.calling import MaybeAwaitable
from mooring.sdk.results import FormResult

Mode = Literal["preview", "test", "live"]
ContentForm = Literal["settings", "template"]

_NOTHING_TO_SHOW = "The app returned nothing for this content."


@dataclass(frozen=True, slots=True)
class ChannelContent:
    """What a marketer filled in; dynamic texts hold ``%%name%%``, ``variables`` names them all."""

    settings: Mapping[str, Any]
    template: Mapping[str, Any]
    variables: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CampaignTracking:
    """Fields that every event about this delivery repeats, under these names."""

    campaign_schedule_run_ts: int
    campaign: str
    campaign_id: int
    touchpoint_id: int
    content: str
    content_id: int
    identifier_key: str
    campaign_group_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelRecipient:
    """One recipient: values by identifier, and what to put in place of each variable."""

    recipient: Mapping[str, Sequence[str]]
    substitutions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Whether a delivery is a test, and whether the recipient is owed it (transactional)."""

    test: bool = False
    transactional: bool = False


@dataclass(frozen=True, slots=True)
class ChannelPrepareResult:
    """Whether a run may start; a failure fails the whole run."""

    success: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class ChannelDeliverResult:
    """The fate of one whole batch; it is sent again only if ``retry_after_seconds`` is given."""

    success: bool
    failure_reason: str = ""
    failure_count: int = 0
    retry_after_seconds: float | None = None


class ChannelContentResult(FormResult):
    """The answer to content: it is fine unless something was added."""

    @property
    def success(self) -> bool:
        """Whether nothing is to be said about the content."""
        return not self._errors and not self._toasts

    def add_error(self, form: ContentForm, section: str, field: str, message: str) -> Self:
        """Show a message at a field of one of the two content forms."""
        self._add_error(f"{form}.{section}.{field}", message)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return self._to_json()


class ChannelTargetResult(FormResult):
    """The identifiers that a dynamic channel reaches with these content settings."""

    def __init__(self, targeting: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__()
        self._targeting = [dict(one) for one in targeting]

    def add_targeting(self, targeting: Mapping[str, Any]) -> Self:
        """Add ``{"identifier": …, "event_data": {…}}``."""
        self._targeting.append(dict(targeting))
        return self

    def set_targeting(self, targeting: Sequence[Mapping[str, Any]]) -> Self:
        """Replace all targeting."""
        self._targeting = [dict(one) for one in targeting]
        return self

    def add_error(self, section: str, field: str, message: str) -> Self:
        """Show a message at a field of the content settings."""
        self._add_error(f"{section}.{field}", message)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the wire form; an empty answer becomes a ``danger`` toast."""
        if not (self._targeting or self._errors or self._toasts):
            self.add_toast("danger", _NOTHING_TO_SHOW)
        return {**self._to_json(), "targeting": list(self._targeting)}


class ChannelPreviewResult(FormResult):
    """One full HTML page for each recipient, in their order."""

    def __init__(self, previews: Sequence[str] = ()) -> None:
        super().__init__()
        self._previews = list(previews)
        self._display: dict[str, int] = {}

    def add_preview(self, html: str) -> Self:
        """Add the page of the next recipient."""
        self._previews.append(html)
        return self

    def set_previews(self, previews: Sequence[str]) -> Self:
        """Replace all pages."""
        self._previews = list(previews)
        return self

    def set_display_options(
        self, *, min_width: int | None = None, min_height: int | None = None
    ) -> Self:
        """State the smallest size, in pixels, at which the pages look right."""
        sizes = {"minWidth": min_width, "minHeight": min_height}
        self._display = {name: size for name, size in sizes.items() if size is not None}
        return self

    def add_error(self, form: ContentForm, section: str, field: str, message: str) -> Self:
        """Show a message at a field of one of the two content forms."""
        self._add_error(f"{form}.{section}.{field}", message)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the wire form; an empty answer becomes a ``danger`` toast."""
        if not (self._previews or self._errors or self._toasts):
            self.add_toast("danger", _NOTHING_TO_SHOW)
        said = {**self._to_json(), "previews": list(self._previews)}
        return {**said, "displayOptions": dict(self._display)} if self._display else said


class Channel(ABC):
    """Delivers campaign content. Methods may be ``def`` or ``async def``.

    Two more are declared by an app that needs them, as app.yml says: ``target(content_settings) ->
    ChannelTargetResult`` with dynamic targeting, and ``prepare(content_key, tracking, options) ->
    ChannelPrepareResult`` unless ``options.prepare`` is false.
    """

    @abstractmethod
    def ready(self) -> MaybeAwaitable[bool]:
        """Say whether credentials and configuration allow to send; asked often, so cache."""

    @abstractmethod
    def validate(self, content: ChannelContent, mode: Mode) -> MaybeAwaitable[ChannelContentResult]:
        """Check content before it is previewed, tested or sent."""

    @abstractmethod
    def publish(
        self, content_key: str, content: ChannelContent, options: DeliveryOptions
    ) -> MaybeAwaitable[ChannelContentResult]:
        """Store what delivery needs; equal keys always come with equal content."""

    @abstractmethod
    def deliver(
        self,
        content_key: str,
        tracking: CampaignTracking,
        options: DeliveryOptions,
        batch: Sequence[ChannelRecipient],
        previous_result: ChannelDeliverResult | None = None,
    ) -> MaybeAwaitable[ChannelDeliverResult]:
        """Send to a whole batch or to nobody in it."""

    @abstractmethod
    def preview(
        self, content: ChannelContent, batch: Sequence[ChannelRecipient]
    ) -> MaybeAwaitable[ChannelPreviewResult]:
        """Render one page for each recipient."""

    def template_preview(self, template: Mapping[str, Any]) -> MaybeAwaitable[Mapping[str, str]]:
        """Return ``{"preview": html}`` for a thumbnail, or nothing."""
        return {}
