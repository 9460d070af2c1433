"""What happens when Optimizely announces a change? The datafile is fetched, then a sync starts.

The host has checked the signature over the raw body, stored the delivery and answered; a CDN that
does not have the announced revision yet makes the host try again later.
"""

from __future__ import annotations

from mooring.sdk import Function, Response, errors, logger

from ..clients.datafile import refresh_datafile
from ..clients.followed_datafiles import STAGES
from ..clients.stored_settings import load_settings
from ..clients.sync_requests import request_sync
from ..core.webhook import AnnouncementInvalid, concerned, read_announcement


class OptimizelyWebhook(Function):
    """Follows the changes of connected environments; what concerns no other is acknowledged."""

    def perform(self) -> Response:
        """Refresh what the announcement is about. Raises RequestInvalid, ServiceUnavailable."""
        try:
            announcement = read_announcement(self.request.body_json)
        except AnnouncementInvalid as error:
            raise errors.RequestInvalid(str(error), where="body") from error
        settings = load_settings()
        connections = concerned(announcement, settings.connections)
        about = {"announced": announcement.event, "project_id": announcement.project_id}
        if not connections:
            logger.info("webhook.not_connected", **about)
            return Response(204)
        for connection in connections:
            revision = refresh_datafile(connection.sdk_key, at_least=announcement.revision)
            logger.info(
                "webhook.refreshed", environment=connection.environment, revision=revision, **about
            )
        request_sync(settings, stages=STAGES)
        return Response(204)
