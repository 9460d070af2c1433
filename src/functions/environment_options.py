"""Which environments can be chosen on the form? Those of all projects that the token may read."""

from __future__ import annotations

from mooring.sdk import Function, Response

from ..clients.access import access_to
from ..clients.optimizely import Optimizely
from ..clients.stored_settings import load_settings
from ..core.environments import Choice, is_connectable, sdk_key_of


class EnvironmentOptions(Function):
    """Answers ``[{"text", "value"}]``; nothing as long as Optimizely is not connected."""

    def perform(self) -> Response:
        """List environments that have an SDK key. Raises CredentialsRejected."""
        settings = load_settings()
        if not settings.opens_optimizely:
            return Response(200, [])
        optimizely = Optimizely(access_to(settings))
        options = []
        for project in filter(is_connectable, optimizely.projects()):
            for environment in optimizely.environments(str(project["id"])):
                if sdk_key_of(environment) and not environment.get("archived"):
                    choice = Choice(str(project["id"]), str(environment["key"]))
                    text = f"{project['name']} – {environment['name']}"
                    options.append({"text": text, "value": str(choice)})
        return Response(200, options)
