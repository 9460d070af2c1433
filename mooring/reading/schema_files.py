"""Where are the JSON Schemas of an app's files? Editors read them too, so each is a file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

KINDS = ("app", "form", "schema", "data_sync")


def schema_file(kind: str) -> Path:
    """Return the file with the JSON Schema of one of KINDS of files."""
    return Path(str(files("mooring"))) / "schemas" / f"{kind}.schema.json"
