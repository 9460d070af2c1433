"""To whose account would a plan write? Told by what the app was given and was let in with.

Never by a token, which is renewed: by when the installation was connected, and from which section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mooring.engine.plans.outgoing import digest
from mooring.model.plan import Plan

TOKENS = "oauth/"  # before the keys of what sdk.oauth keeps
CONNECTION = "connection "  # before the names of what was let in, among what a plan read
ENVIRONMENT = "the environment of the app"
NOT_CONNECTED = ""


def connection(record: Mapping[str, Any] | None) -> str:
    """Return a text that is another when an installation was connected anew."""
    if not record:
        return NOT_CONNECTED
    return digest([record.get("connected_at"), record.get("section")])


def moved(
    plan: Plan, *, environment: str, kept: Callable[[str], Mapping[str, Any]]
) -> Iterator[str]:
    """Name what is not as it was when the plan was made; ``kept`` gives a secret's record."""
    if plan.reads.get(ENVIRONMENT) != environment:
        yield ENVIRONMENT
    for name, found in plan.reads.items():
        if name.startswith(CONNECTION):
            key = TOKENS + name.removeprefix(CONNECTION)
            if connection(kept(key)) != found:
                yield name
