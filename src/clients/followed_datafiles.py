"""How fresh is the datafile while decisions come in? No older than the update interval."""

from __future__ import annotations

from mooring.sdk import logger, storage

from ..core.settings import Settings
from .datafile import Datafile, datafile
from .sync_requests import request_sync

STAGES = ("catalogue", "flags", "push")


def followed_datafile(sdk_key: str, settings: Settings, *, now: float) -> Datafile:
    """Return the datafile, asked for again when the interval is over; news start a sync.

    Raises NotFound and ServiceError when there is none at all.
    """
    if not settings.auto_update or not _is_due(sdk_key, settings, now=now):
        return datafile(sdk_key, refresh=False)
    known = datafile(sdk_key, refresh=False).revision
    found = datafile(sdk_key, refresh=True)
    if found.revision > known:
        logger.info("datafile.newer_revision_found", sdk_key=sdk_key, revision=found.revision)
        request_sync(settings, stages=STAGES)
    return found


def _is_due(sdk_key: str, settings: Settings, *, now: float) -> bool:
    """Tell whether to ask again, and note it before asking: one caller asks, the others go on."""
    record = f"datafile_asked/{sdk_key}"
    if now - float(storage.kv_store.get(record).get("at", 0)) < settings.update_interval / 1000:
        return False
    storage.kv_store.put(record, {"at": now})
    return True
