"""Which flags do the connected projects have? Asked of the API that fits the kind of project."""

from __future__ import annotations

from typing import Any

from ..core.catalogue_rows import is_flags_first
from ..core.settings import Settings
from .access import access_to
from .flags import Flags
from .optimizely import Optimizely

Entity = dict[str, Any]  # Any: entities are JSON


def connected_flags(settings: Settings) -> list[tuple[str, Entity]]:
    """Return the flags (features, in projects of the older model), each with its project's id."""
    connected = {each.project_id for each in settings.connections}
    access = access_to(settings)
    optimizely, flags = Optimizely(access), Flags(access)
    found: list[tuple[str, Entity]] = []
    for project in optimizely.projects():
        project_id = str(project["id"])
        if project_id in connected:
            listed = flags.flags if is_flags_first(project) else optimizely.features
            own = (each for each in listed(project_id) if not each.get("archived"))
            found += [(project_id, each) for each in own]
    return found
