"""Which code and which manifest stand behind an installation? Mounts each app version once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from mooring.loader import mount
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation
from mooring.plugins.manifest import ManifestPlugin
from mooring.reading.app_reader import read_app


class MountedApps:
    """The app versions of this process; ``plugins`` is the host's plugin manager."""

    def __init__(self, plugins: Any) -> None:
        self._plugins = plugins
        self._mounted: dict[Path, ManifestPlugin] = {}
        self._turn = threading.RLock()

    def definition(self, installation: Installation) -> AppDefinition:
        """Return the manifest, forms and schema of an installed app."""
        return self._app(installation).definition

    def function_class(self, installation: Installation, name: str) -> type[Any]:
        """Return the class behind a function. Raises NotFound, EntryPointInvalid."""
        key = self._app(installation).key
        return _answered(self._plugins.hook.mooring_function_class(app=key, name=name))

    def job_class(self, installation: Installation, name: str) -> type[Any]:
        """Return the class behind a job. Raises NotFound, EntryPointInvalid."""
        key = self._app(installation).key
        return _answered(self._plugins.hook.mooring_job_class(app=key, name=name))

    def lifecycle_class(self, installation: Installation) -> type[Any]:
        """Return the app's Lifecycle. Raises EntryPointInvalid."""
        key = self._app(installation).key
        return _answered(self._plugins.hook.mooring_lifecycle_class(app=key))

    def check(self, installation: Installation) -> None:
        """Import every class that the manifest names. Raises EntryPointInvalid."""
        manifest = self.definition(installation).manifest
        self.lifecycle_class(installation)
        for name in manifest.functions:
            self.function_class(installation, name)
        for name in manifest.jobs:
            self.job_class(installation, name)

    def _app(self, installation: Installation) -> ManifestPlugin:
        """Mount an app version on first use, and let its manifest answer the app hooks."""
        root = installation.root
        with self._turn:
            if root not in self._mounted:
                self._mounted[root] = self._mount(installation)
            return self._mounted[root]

    def _mount(self, installation: Installation) -> ManifestPlugin:
        root = installation.root
        package = mount(f"{installation.app_id}_{root.name.rpartition('-')[2]}", root)
        plugin = ManifestPlugin(installation.app, read_app(root), package=package)
        self._plugins.register(plugin, name=installation.app)
        return plugin


def _answered(found: Any) -> type[Any]:
    assert isinstance(found, type), "the mounted app's own plugin answers"
    return found
