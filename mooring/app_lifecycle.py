"""How do apps come to this host and leave it? Validation and folders around the engine's order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.adapters import app_folders
from mooring.engine.installation_services import InstallationJobs
from mooring.engine.lifecycle import LifecycleEngine
from mooring.engine.lifecycle_calls import call_hook
from mooring.errors import AppInvalid
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation
from mooring.reading.app_reader import read_app
from mooring.rules import validate_app

if TYPE_CHECKING:
    from mooring.host import Host


class AppLifecycle:
    """The lifecycle of one host's apps; to the engine it is the host (engine.lifecycle.AppHost)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def install(
        self, path: Path, *, progress: Callable[[str], None] = lambda step: None
    ) -> Installation:
        """Install the app in ``path`` into the configured account.

        Raises AppInvalid with every problem found, Conflict, LifecycleFailed.
        """
        progress("validating")
        definition = self._validated(path)
        return self._engine.install(
            definition, account=self._host.config.account, progress=progress
        )

    def uninstall(self, installation: Installation, *, purge: bool) -> None:
        """Take the app out of its account. Raises Conflict, LifecycleFailed."""
        self._engine.uninstall(installation, purge=purge)

    def call(self, installation: Installation, hook: str, *arguments: Any) -> Any:
        """Call a method of the app's Lifecycle on behalf of the installation."""
        invocation = self._host.invocation(installation, entry_point="lifecycle")
        lifecycle = self._host.lifecycle_class(installation)
        return call_hook(lifecycle, hook, *arguments, invocation=invocation)

    def keep_copy(self, definition: AppDefinition) -> Path:
        """Copy the app into the home and return the copy's folder."""
        meta = definition.manifest.meta
        return app_folders.keep(
            definition.root, self._host.home.path, app_id=meta.app_id, version=meta.version
        )

    def apply_schema(self, account: str, definition: AppDefinition) -> None:
        """Make the account's ODP know the app's objects and fields."""
        self._host.odp(account).apply_schema(definition.schema)

    def jobs_of(self, installation: Installation) -> InstallationJobs:
        """Return the runs and schedules of an installation."""
        return self._host.jobs_of(installation)

    def _validated(self, path: Path) -> AppDefinition:
        found = validate_app(path, profiles=lambda: self._host.signature_profiles)
        problems = [p for p in found if p.severity == "error"]
        if problems:
            raise AppInvalid(
                f"The app has {len(problems)} problem{'s' if len(problems) > 1 else ''}:",
                where=str(path),
                problems=tuple(problems),
            )
        definition = read_app(path)
        if not definition.manifest.runs_here:
            raise AppInvalid(
                f"The app is written for {definition.manifest.runtime}; Mooring runs Python.",
                where=str(path),
                hint=f"Make a Python app of it with: mooring port {path} DIR",
            )
        return definition

    @cached_property
    def _engine(self) -> LifecycleEngine:
        host = self._host
        return LifecycleEngine(
            self,
            installations=host.installations,
            runs=host.runs,
            schedules=host.schedules,
            vault=host.vault,
            clock=host.clock,
        )
