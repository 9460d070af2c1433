"""Take an order as soon as it is placed or changed."""

from __future__ import annotations

from mooring.sdk import Function, Response, errors

from ..clients.stored import is_enabled, store


class OrderWebhook(Function):
    """POST an order as the shop's API shows it.

    The host has checked the signature and stored the delivery before this runs, tries again after
    an error, and keeps what never succeeds for a replay: storing the same order twice does no harm.
    """

    def perform(self) -> Response:
        """Store the order."""
        if not is_enabled():
            return Response(200, {"stored": 0})
        order = self.request.body_json
        if not isinstance(order, dict):
            raise errors.RequestInvalid("The body is no order.", hint="Send one JSON object.")
        stored, refused = store([order])
        return Response(422 if refused else 200, {"stored": stored})
