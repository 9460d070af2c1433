"""How do the files of a new app come out of the templates?

A template is a folder below ``mooring/templates``; its files are rendered one by one, those of
``every`` first, which all apps share. Values end up in YAML, Python, TOML, SVG and Markdown, so
each place says with a filter how it has to be written there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from mooring.errors import Conflict, HomeUnusable

# Dot files would be left out of a wheel by some build backends.
RENAMED = {"gitignore": ".gitignore"}
IN_NAMES = "APP_ID"
# Where a scaffolded app keeps its own copy of the JSON Schemas, for editors; needs no network.
SCHEMAS = ".schemas"
MARKDOWN = re.compile(r"([\\`*_\[\]<>])")


def require_empty(folder: Path) -> None:
    """Check that an app may be written to ``folder``. Raises Conflict when something is there."""
    try:
        if folder.is_dir() and not any(folder.iterdir()):
            return
    except OSError as error:
        raise HomeUnusable(
            f"The folder cannot be looked into: {error.strerror}.", where=str(folder)
        ) from error
    if folder.exists() or folder.is_symlink():
        what = "is not empty" if folder.is_dir() else "is not a folder"
        raise Conflict(f"{folder} {what}.", hint="Name a new or an empty folder.")


def render(templates: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of these templates by name; a later template replaces an earlier one's."""
    from jinja2 import Environment, StrictUndefined

    # The files are YAML, Python and Markdown: HTML escaping would damage them.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701  # no HTML
    # A JSON string is a YAML string whatever it contains.
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    environment.filters["markdown"] = lambda text: MARKDOWN.sub(r"\\\1", text)
    rendered: dict[str, str] = {}
    for template in templates:
        for name, source in _walk(files("mooring") / "templates" / template, ""):
            text = environment.from_string(source.read_text("utf-8")).render(values)
            rendered[name.replace(IN_NAMES, str(values["app_id"]))] = text
    return rendered


def schemas() -> dict[str, str]:
    """Return the JSON Schemas of an app's YAML files, by name in a scaffolded app."""
    return {
        f"{SCHEMAS}/{entry.name}": entry.read_text("utf-8")
        for entry in (files("mooring") / "schemas").iterdir()
        if entry.name.endswith(".json")
    }


def package_name(app_id: str) -> str:
    """Turn an app id into the name of a Python project, which begins and ends with a letter."""
    return app_id.strip("_").replace("_", "-")


def write(target: Path, texts: Mapping[str, str | bytes]) -> list[str]:
    """Write every file below ``target`` and return their names, sorted."""
    try:
        for name, content in texts.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise HomeUnusable(
            f"The app cannot be written: {error.strerror}.", where=str(error.filename or target)
        ) from error
    return sorted(texts)


def _walk(folder: Traversable, below: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        name = f"{below}{RENAMED.get(entry.name, entry.name)}"
        if entry.is_dir() and not entry.name.startswith((".", "__")):
            found += _walk(entry, f"{name}/")
        elif entry.is_file():
            found.append((name, entry))
    return found
