"""Which version of an app answers, when an installation or its accounts have more than one?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from mooring.errors import NotFound
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation, InstallationState
from mooring.model.version import Version

if TYPE_CHECKING:
    from mooring.hosting.host import Host


class AppVersions:
    """The versions of one host's apps.

    What an upgrade gives up, functions and jobs, the former version serves until there is no way
    back any more.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def with_function(self, installation: Installation, name: str) -> Installation:
        """Return the installation with the version that has the function, if one has it."""
        return self._with(installation, lambda app: name in app.manifest.functions)

    def with_job(self, installation: Installation, name: str) -> Installation:
        """Return the installation with the version that has the job, if one has it."""
        return self._with(installation, lambda app: name in app.manifest.jobs)

    def for_everybody(self, app_id: str) -> Installation:
        """Return the installation whose code an app's global functions run, whoever calls them.

        It is the one with the highest version, pre-releases last. Raises NotFound.
        """
        living = [i for i in self._host.installations.all() if i.app_id == app_id]
        if not living:
            raise NotFound(f"{app_id} is not installed.")
        return max(living, key=_precedence)

    def _with(
        self, installation: Installation, has: Callable[[AppDefinition], bool]
    ) -> Installation:
        upgrade = installation.upgrade
        if upgrade is None or not upgrade.is_open or has(self._host.definition(installation)):
            return installation
        former = installation.at(upgrade.before)
        return former if has(self._host.definition(former)) else installation


def _precedence(installation: Installation) -> tuple[bool, bool, Version, datetime]:
    version = Version(installation.version)
    ready = installation.state is not InstallationState.INSTALLING
    return ready, version.is_release, version, installation.installed_at
