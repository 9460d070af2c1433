"""Who hears how a synchronisation ended? The people of the account, where something is new."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mooring.sdk import notifications, storage

from ..core.told import Notice, about_rejected, about_unread
from .push_results import DEAD_LETTER

ACTIVITY = "Synchronisation"
TOLD = "told/sync"
ROWS_PER_SCAN = 1000
READ = MappingProxyType({"catalogue": "project", "flags": "environment"})  # what a stage reads


def tell_results(report: Mapping[str, Any], *, run_id: str) -> None:
    """Tell of contacts that were refused and projects that could not be read, each once."""
    told = storage.kv_store.get(TOLD)
    notices: list[Notice] = []
    marks: dict[str, str] = {}
    if "push" in report:
        refused = _refused(run_id) if report["push"].get("rejected") else {}
        found, marks["rejected"] = about_rejected(refused, told=told)
        notices += found
    for stage, what in READ.items():
        if stage in report:
            problems = report[stage].get("problems") or []
            found, marks[what] = about_unread(problems, what=what, told=told)
            notices += found
    if not notices:
        return
    # Remembered first: after a crash in between, silence is better than the same thing twice.
    storage.kv_store.patch(TOLD, marks)
    for notice in notices:
        tell = getattr(notifications, notice.level)
        tell(ACTIVITY, notice.title, notice.summary, notice.details)


def _refused(run_id: str) -> dict[str, str]:
    """Return the contacts that this run set aside, each with the reason."""
    found: dict[str, str] = {}
    after = ""
    while page := storage.kv_store.scan(DEAD_LETTER, after=after, limit=ROWS_PER_SCAN):
        own = (record for _, record in page if record.get("run_id") == run_id)
        found |= {str(record["email"]): str(record["reason"]) for record in own}
        after = page[-1][0]
    return found
