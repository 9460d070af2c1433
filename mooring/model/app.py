"""What is an app, once its files have been read? Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mooring.model.form import Form
from mooring.model.manifest import Manifest
from mooring.model.schema import SchemaObject


@dataclass(frozen=True, slots=True)
class AppDefinition:
    """The app in the folder ``root``; ``forms`` by file name without ending (``settings`` …)."""

    root: Path
    manifest: Manifest
    forms: Mapping[str, Form]
    schema: tuple[SchemaObject, ...]

    @property
    def settings_form(self) -> Form:
        """The form that the person installing the app fills in."""
        return self.forms["settings"]
