"""Which code and which manifest stand behind an installation? Mounts each app version once.

Several versions of an app may be mounted side by side. One that nobody has called for a while is
forgotten when another is mounted, so that a host which sees many versions does not keep them all.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.loader import mount, unmount
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation
from mooring.plugins.manifest import ManifestPlugin
from mooring.reading.app_reader import read_app

IDLE_SECONDS = 600.0  # longer than any function may run


@dataclass
class _Mounted:
    plugin: ManifestPlugin
    used_at: float


class MountedApps:
    """The app versions of this process; ``plugins`` is the host's plugin manager.

    ``fetch`` brings the files of a version here that was installed on another machine.
    """

    def __init__(
        self,
        plugins: Any,
        *,
        fetch: Callable[[Path], None] = lambda root: None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._plugins = plugins
        self._fetch = fetch
        self._idle_seconds = idle_seconds
        self._mounted: dict[Path, _Mounted] = {}
        self._in_use: Counter[Path] = Counter()
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

    @contextmanager
    def in_use(self, installation: Installation) -> Iterator[None]:
        """Keep a version mounted for the length of the block, however long nobody calls it."""
        with self._turn:
            self._in_use[installation.root] += 1
        try:
            yield
        finally:
            with self._turn:
                self._in_use[installation.root] -= 1

    def _app(self, installation: Installation) -> ManifestPlugin:
        """Mount an app version on first use, and let its manifest answer the app hooks."""
        root = installation.root
        with self._turn:
            found = self._mounted.get(root)
            if found is None:
                self._forget_idle()
                found = _Mounted(self._mount(installation), 0.0)
                self._mounted[root] = found
            found.used_at = time.monotonic()
            return found.plugin

    def _mount(self, installation: Installation) -> ManifestPlugin:
        root = installation.root
        self._fetch(root)
        package = mount(f"{installation.app_id}_{root.name.rpartition('-')[2]}", root)
        plugin = ManifestPlugin(installation.app, read_app(root), package=package)
        self._plugins.register(plugin, name=installation.app)
        return plugin

    def _forget_idle(self) -> None:
        now = time.monotonic()
        for root, mounted in list(self._mounted.items()):
            if now - mounted.used_at > self._idle_seconds and not self._in_use[root]:
                del self._mounted[root]
                self._plugins.unregister(mounted.plugin)
                unmount(mounted.plugin.package)


def _answered(found: Any) -> type[Any]:
    assert isinstance(found, type), "the mounted app's own plugin answers"
    return found
