"""How does one mounted app answer the host's app hooks? A plugin made of its manifest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mooring.errors import NotFound
from mooring.hookspecs import hookimpl
from mooring.loader import load_class
from mooring.model.app import AppDefinition
from mooring.model.entry_point import resolve_entry_point
from mooring.model.known_names import listed, nearest

FUNCTION_METHODS = ("perform",)
JOB_METHODS = ("prepare", "perform")
LIFECYCLE_METHODS = ("on_install", "on_settings_form")


class ManifestPlugin:
    """The hook implementations of one app version, mounted as ``package``."""

    def __init__(self, key: str, definition: AppDefinition, *, package: str) -> None:
        self.key = key
        self.definition = definition
        self.package = package

    @hookimpl
    def mooring_function_class(self, app: str, name: str) -> type[Any] | None:
        """Give the class of one of this app's functions."""
        if app != self.key:
            return None
        functions = self.definition.manifest.functions
        if name not in functions:
            raise NotFound(
                f"{self.definition.manifest.meta.app_id} has no function {name}.",
                hint=_present(functions, name),
            )
        return self._load("function", functions[name].entry_point, FUNCTION_METHODS)

    @hookimpl
    def mooring_job_class(self, app: str, name: str) -> type[Any] | None:
        """Give the class of one of this app's jobs."""
        if app != self.key:
            return None
        jobs = self.definition.manifest.jobs
        if name not in jobs:
            raise NotFound(
                f"{self.definition.manifest.meta.app_id} has no job {name}.",
                hint=_present(jobs, name),
            )
        return self._load("job", jobs[name].entry_point, JOB_METHODS)

    @hookimpl
    def mooring_lifecycle_class(self, app: str) -> type[Any] | None:
        """Give this app's Lifecycle."""
        if app != self.key:
            return None
        return self._load("lifecycle", "Lifecycle", LIFECYCLE_METHODS)

    def _load(self, kind: str, entry_point: str, methods: tuple[str, ...]) -> type[Any]:
        module, class_name = resolve_entry_point(kind, entry_point)
        return load_class(
            self.package,
            self.definition.root,
            module=module,
            class_name=class_name,
            methods=methods,
        )


def _present(names: Collection[str], wanted: str) -> str:
    return f"{nearest(wanted, names)}It has: {listed(sorted(names))}."
