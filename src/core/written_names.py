"""Under which name is a key written? Its own, unless several connected environments share it.

Two projects with one key give ``project:key`` twice; two environments of one project also name the
environment, which is the only thing that tells them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

Place = tuple[str, str]
"""A project's id and an environment's key."""


def written_names(keys: Mapping[Place, Iterable[str]]) -> dict[Place, dict[str, str]]:
    """Return the written name of every key of every place."""
    own = {place: sorted(set(found)) for place, found in keys.items()}
    everywhere = Counter(key for found in own.values() for key in found)
    in_project = Counter((place[0], key) for place, found in own.items() for key in found)
    return {
        place: {
            key: _name(place, key, alone=everywhere[key] == 1, once=in_project[place[0], key] == 1)
            for key in found
        }
        for place, found in own.items()
    }


def _name(place: Place, key: str, *, alone: bool, once: bool) -> str:
    if alone:
        return key
    project_id, environment = place
    return f"{project_id}:{key}" if once else f"{project_id}:{environment}:{key}"


def chosen(keys: Iterable[str], *, project_id: str, choice: frozenset[str] | None) -> list[str]:
    """Return the keys that were chosen: all without a choice, else ``key`` or ``project:key``."""
    if choice is None:
        return list(keys)
    return [key for key in keys if key in choice or f"{project_id}:{key}" in choice]
