"""Which flags can be chosen on the form? Those of the connected projects."""

from __future__ import annotations

from collections import Counter

from mooring.sdk import Function, Response

from ..clients.connected_flags import connected_flags
from ..clients.stored_settings import load_settings


class FlagOptions(Function):
    """Answers ``[{"text", "value"}]``; nothing as long as no environment is connected."""

    def perform(self) -> Response:
        """List flags by key; one that several projects have is named with its project."""
        settings = load_settings()
        names = {each.project_id: each.project_name for each in settings.connections}
        if not names or not settings.opens_optimizely:
            return Response(200, [])
        found = connected_flags(settings)
        shared = Counter(str(flag["key"]) for _, flag in found)
        options = []
        for project_id, flag in found:
            key = str(flag["key"])
            value = key if shared[key] == 1 else f"{project_id}:{key}"
            text = f"{names[project_id]} – {flag.get('name') or key}"
            options.append({"text": text, "value": value})
        return Response(200, sorted(options, key=lambda option: option["text"].casefold()))
