"""What may a rule look at? The app's documents and its parsed code, already read.

A rule module has ``RULES`` and ``check(app)``, which yields problems. The accessors here leave out
what has the wrong shape: that was reported already, and a second problem about it would not help.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from mooring.model.problem import Problem, Rule, shown
from mooring.reading.app_files import AppFiles
from mooring.reading.python_sources import PythonSources
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument

APP_ID = re.compile(r"[a-z][a-z_0-9]{2,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Inspected:
    """An app under inspection; ``profiles`` names the host's signature profiles, if given."""

    files: AppFiles
    sources: PythonSources
    profiles: Callable[[], Collection[str]] | None = None

    @property
    def manifest(self) -> YamlDocument:
        """The document app.yml."""
        return self.files.manifest

    @property
    def app_id(self) -> str:
        """The app's id; empty when it is no valid one."""
        text = self.manifest.text(("meta", "app_id")) or ""
        return text if APP_ID.fullmatch(text) else ""

    @property
    def display_name(self) -> str:
        """The name that people see; empty when there is none."""
        return (self.manifest.text(("meta", "display_name")) or "").strip()

    @property
    def is_for_node(self) -> bool:
        """Whether the code is written for a Node runtime, and so cannot be looked at."""
        return (self.manifest.text(("runtime",)) or "").startswith("node")

    @property
    def is_channel(self) -> bool:
        """Whether the app delivers campaigns."""
        return "Channel" in self.manifest.items(("meta", "categories"))

    @property
    def functions(self) -> list[str] | None:
        """The names of the functions; None when the manifest does not let them be known."""
        whole = self.manifest.value if self.manifest.usable else None
        found = whole.get("functions", {}) if isinstance(whole, dict) else None
        return list(found) if isinstance(found, dict) else None

    def entries(self, *section: str | int) -> Iterator[tuple[str, KeyPath]]:
        """Walk the mappings in a section of the manifest, with their paths."""
        for name, value in self.manifest.mapping(section).items():
            if isinstance(value, dict):
                yield name, (*section, name)

    def fault(self, rule: Rule, path: KeyPath, message: str, *, hint: str = "") -> Problem:
        """Make a problem of a value in the manifest."""
        return fault(self.manifest, rule, path, message, hint=hint)


def fault(
    document: YamlDocument, rule: Rule, path: KeyPath, message: str, *, hint: str = ""
) -> Problem:
    """Make a problem of a value in a document."""
    return rule.at(document.file, document.position(path), message, hint=hint)


def repeated(document: YamlDocument, rule: Rule, what: str, path: KeyPath) -> Iterator[Problem]:
    """Find the mappings in a list whose name stands in the list already."""
    seen: dict[str, KeyPath] = {}
    for item, at in mappings(document, *path):
        name = item.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            line = document.position((*seen[name], "name")).line
            said = f"The {what} {shown(name)} stands in line {line} already."
            yield fault(document, rule, (*at, "name"), said, hint="Remove one of the two.")
        seen.setdefault(name, at)


def mappings(document: YamlDocument, *path: str | int) -> Iterator[tuple[dict[str, Any], KeyPath]]:
    """Walk the mappings in a list of a document, with their paths."""
    for index, item in enumerate(document.items(path)):
        if isinstance(item, dict):
            yield item, (*path, index)
