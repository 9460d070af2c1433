"""What does every test start from? An installation in memory, content and recipients."""

from __future__ import annotations

import pytest
from mooring.sdk import storage
from mooring.sdk.channel import CampaignTracking, ChannelContent, ChannelRecipient
from mooring.testing import MemoryApp

SERVICE = "https://api.example.com/v1"


@pytest.fixture
def connected(memory_app: MemoryApp) -> MemoryApp:
    """Give an installation with an API key."""
    storage.settings.put("connection", {"api_key": "key-1", "connected": "Messages Ltd"})
    return memory_app


@pytest.fixture
def content() -> ChannelContent:
    """Give what a marketer filled in."""
    return ChannelContent(
        settings={"sender": {"name": "Shop"}},
        template={"message": {"text": "Hello %%first_name%%!"}},
        variables=("first_name",),
    )


@pytest.fixture
def batch() -> list[ChannelRecipient]:
    """Give two recipients."""
    return [
        ChannelRecipient({"phone": ["+4911"]}, {"first_name": "Ada"}),
        ChannelRecipient({"phone": ["+4922"]}, {"first_name": "<Bob>"}),
    ]


@pytest.fixture
def tracking() -> CampaignTracking:
    """Give the campaign that is sent."""
    return CampaignTracking(
        campaign_schedule_run_ts=1767323045,
        campaign="Spring",
        campaign_id=1,
        touchpoint_id=2,
        content="Hello",
        content_id=3,
        identifier_key="phone",
    )
