"""How far is a sync, for whoever looks? Each stage counts what it works through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mooring.sdk import Progress

State = Mapping[str, Any]  # Any: JSON


def progress_of(state: State) -> Progress:
    """Return what the stage in hand has done, of how much where that is known."""
    if not state["stages"]:
        return _at_the_end(state["report"])
    name = state["stages"][0]
    if name not in state["report"]:
        return Progress(0, None, *BEFORE[name])
    return STAGES[name](state)


def _contacts(state: State) -> Progress:
    read, position = state["report"]["contacts"].get("read", 0), state["position"]
    if "forget_after" in position:
        return Progress(read, read, "contacts", "forgetting those who are gone from Brevo")
    return Progress(read, position.get("total"), *BEFORE["contacts"])


def _catalogue(state: State) -> Progress:
    position = state["position"]
    total = position.get("chosen")
    done = 0 if total is None else total - len(position["todo"])
    return Progress(done, total, *BEFORE["catalogue"])


def _flags(state: State) -> Progress:
    return Progress(state["report"]["flags"].get("contacts", 0), _known(state), *BEFORE["flags"])


def _push(state: State) -> Progress:
    told = state["report"]["push"]
    changed, unchanged = told.get("changed", 0), told.get("unchanged", 0)
    if state["position"].get("phase") in ("check", "import", "wait", "update"):
        written = told.get("written", 0) + told.get("rejected", 0)
        return Progress(written, changed, "changes", "writing to Brevo")
    compared = changed + unchanged + told.get("set_aside", 0)
    return Progress(compared, _known(state), *BEFORE["push"])


def _known(state: State) -> int | None:
    """Return how many contacts this run has read; None if it goes by what was read before."""
    read = state["report"].get("contacts", {}).get("read") if state["read_now"] else None
    return None if read is None else int(read)


def _at_the_end(report: Mapping[str, Mapping[str, Any]]) -> Progress:
    """Say what was written, or what the last stage counted where nothing was to be written."""
    told = report.get("push")
    if told is None:
        return Progress(len(report), len(report), "stages")
    changed = told.get("changed", 0)
    return Progress(told.get("written", 0) + told.get("rejected", 0), changed, "changes")


# The unit of each stage, and what it does.
BEFORE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "contacts": ("contacts", "reading Brevo's contacts"),
        "catalogue": ("projects", "reading Optimizely's catalogue"),
        "flags": ("contacts", "deciding flags"),
        "push": ("contacts", "comparing with what was written"),
    }
)
STAGES: Mapping[str, Callable[[State], Progress]] = MappingProxyType(
    {"contacts": _contacts, "catalogue": _catalogue, "flags": _flags, "push": _push}
)
