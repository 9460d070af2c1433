"""What else lies in an app's folder: texts, tests, requirements, environment files? Reads only.

What cannot be read counts as not there; whoever asks says what is missing.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

LARGEST = 1_000_000
MOST_TESTS = 2_000
MOST_OF_TESTS = 20_000_000  # characters of all of them
GIT_TIMEOUT = 10.0  # seconds
# Git would run programs that a repository's own configuration names; none of them is wanted.
GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


class AppFolder:
    """The folder of one app."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def text(self, file: str) -> str | None:
        """Return what a text file of the app contains; None when there is none to read."""
        path = self._root / file
        try:
            if not path.is_file():
                return None
            with path.open("rb") as stream:
                content = stream.read(LARGEST + 1)
            return content.decode("utf-8-sig") if len(content) <= LARGEST else None
        except (OSError, UnicodeDecodeError):
            return None

    @cached_property
    def tests(self) -> Mapping[str, str]:
        """The test modules below ``tests``, with their texts."""
        below = self._root / "tests"
        found = islice(below.rglob("test_*.py"), MOST_TESTS)
        kept: dict[str, str] = {}
        size = 0
        for file in sorted(path.relative_to(self._root).as_posix() for path in found):
            text = self.text(file) if size < MOST_OF_TESTS else None
            if text is not None:
                kept[file] = text
                size += len(text)
        return kept

    @cached_property
    def requirements(self) -> list[str] | None:
        """What ``pyproject.toml`` says that the app depends on; None when it says nothing."""
        text = self.text("pyproject.toml")
        try:
            project = tomllib.loads(text or "").get("project", {})
        except tomllib.TOMLDecodeError:
            return None
        declared = project.get("dependencies") if isinstance(project, dict) else None
        return [str(each) for each in declared] if isinstance(declared, list) else None

    def environment_files(self) -> list[str]:
        """Name the files beside app.yml from which the host reads APP_ENV_ values."""
        try:
            names = sorted(path.name for path in self._root.iterdir() if path.is_file())
        except OSError:
            return []
        return [name for name in names if name == ".env" or name.startswith(".env.")]

    def tracked(self, files: Iterable[str]) -> list[str]:
        """Return those of the files that git keeps; none outside a repository."""
        wanted = list(files)
        if not wanted:
            return []
        command = [*GIT, "-C", str(self._root), "ls-files", "-z", "--", *wanted]
        try:
            done = subprocess.run(command, capture_output=True, timeout=GIT_TIMEOUT, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return []
        kept = done.stdout.decode("utf-8", "replace").split("\0")
        return [file for file in wanted if file in kept]


def distributions_of(module: str) -> list[str]:
    """Name the installed distributions that bring a top-level module."""
    found: Mapping[str, Any] = importlib.metadata.packages_distributions()
    return sorted(set(found.get(module, [])))
