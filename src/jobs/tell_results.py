"""Who hears how a synchronisation ended? The people of the account, where something is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mooring.sdk import notifications, storage

from ..core.told import Notice, about_rejected, about_unread

ACTIVITY = "Synchronisation"
TOLD = "told/sync"
READ = MappingProxyType({"catalogue": "project", "flags": "environment"})  # what a stage reads


def tell_results(report: Mapping[str, Any], *, refused: Mapping[str, Any]) -> None:
    """Tell of contacts that were refused and projects that could not be read, each once.

    Each is remembered once it was told: after a crash in between it may be told twice, but it is
    never lost.
    """
    told = storage.kv_store.get(TOLD)
    if "push" in report:
        held = report["push"].get("set_aside", 0)
        _tell("rejected", *about_rejected(refused, held=held, told=told))
    for stage, what in READ.items():
        if stage in report:
            problems = report[stage].get("problems") or []
            _tell(what, *about_unread(problems, what=what, told=told))


def _tell(about: str, notices: Sequence[Notice], mark: str) -> None:
    for notice in notices:
        tell = getattr(notifications, notice.level)
        tell(ACTIVITY, notice.title, notice.summary, notice.details)
    if notices:
        storage.kv_store.patch(TOLD, {about: mark})
