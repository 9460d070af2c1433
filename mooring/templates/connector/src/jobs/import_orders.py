"""Read all orders, one page at a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.sdk import Job, JobStatus, errors, logger

from ..clients.shop import Shop
from ..clients.stored import api_key, is_enabled, store


class ImportOrders(Job):
    """The run's state says how far it is; a run that was interrupted goes on from there."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        """Begin with the first page, or go on where an interrupted run stopped."""
        if resuming and status is not None:
            return status
        if not is_enabled():
            return JobStatus({"note": "Switched off in the settings."}, complete=True)
        return JobStatus({"after": None, "read": 0, "stored": 0, "refused": 0, "total": None})

    def perform(self, status: JobStatus) -> JobStatus:
        """Store one page. A step may happen twice, and stores the same then."""
        key = api_key()
        if not key:
            raise errors.CredentialsRejected(
                "No API key is saved.", hint="Connect the shop under Connection in the settings."
            )
        page = Shop(key).orders(status.state["after"])
        stored, refused = store(page.orders)
        state = {
            "after": page.after,
            "read": status.state["read"] + len(page.orders),
            "stored": status.state["stored"] + stored,
            "refused": status.state["refused"] + refused,
            "total": page.total,
        }
        logger.info("orders.read", read=state["read"], total=page.total)
        return JobStatus(state, complete=page.after is None)
