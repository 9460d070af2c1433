"""What is in the folder of an OCP app? Its texts and its TypeScript, read and not judged.

What the app says is trusted in nothing: files are read up to a size, links out of the folder are
not followed, and of ``.env`` files the names alone are taken.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mooring.errors import AppInvalid, UsageError
from mooring.model.problem import shown
from mooring.porting.report import Note, Topic
from mooring.porting.typescript import TypeScriptFile, read_typescript
from mooring.reading.app_files import MANIFEST, SCHEMA_FOLDERS
from mooring.reading.yaml_reader import YamlDocument, read_yaml

LARGEST_SOURCE = 1_000_000
LARGEST_ASSET = 20_000_000
MOST_FILES = 5_000
SOURCES = (".ts", ".tsx", ".mts", ".cts")
TEST = re.compile(r"(\.|/|^)(test|spec|tests|__tests__|__mocks__)(\.|/)")
# Read as they are; the second schema folder is where OCP keeps it.
CARRIED_FOLDERS = ("assets", "forms", "src/destinations/schema", "src/sources/schema")
CARRIED_FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "CHANGELOG.md")
YAML_ENDINGS = (".yml", ".yaml")
VARIABLE = re.compile(r"^\s*(?:export\s+)?(APP_ENV_[A-Z0-9_]+)\s*=", re.ASCII | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class OcpApp:
    """An OCP app: its manifest, the files that carry over, and what its code mentions."""

    root: Path
    manifest: YamlDocument
    manifest_text: str
    carried: dict[str, bytes]
    sources: tuple[TypeScriptFile, ...]
    tests: tuple[str, ...]
    packages: tuple[str, ...]
    env_files: dict[str, tuple[str, ...]]
    notes: list[Note] = field(default_factory=list)


def read_ocp_app(root: Path) -> OcpApp:
    """Read the app in the folder ``root``. Raises UsageError and AppInvalid in one sentence."""
    if not root.is_dir():
        raise UsageError(
            f"{root} is not a folder." if root.exists() else f"There is no folder {root}.",
            hint="Name the folder of an OCP app, which holds app.yml.",
        )
    if not (root / MANIFEST).is_file():
        raise AppInvalid(
            f"{root} has no app.yml, so it is not an OCP app.",
            hint="Name the folder above src, not the build in dist.",
        )
    manifest = read_yaml(root / MANIFEST, file=MANIFEST)
    _require_ocp(manifest, root)
    notes: list[Note] = []
    sources, tests = _sources(root, notes)
    return OcpApp(
        root=root,
        manifest=manifest,
        manifest_text=(root / MANIFEST).read_bytes().decode("utf-8-sig"),
        carried=_carried(root, notes),
        sources=sources,
        tests=tests,
        packages=_packages(root, notes),
        env_files=_env_files(root),
        notes=notes,
    )


def _require_ocp(manifest: YamlDocument, root: Path) -> None:
    if not manifest.usable:
        problem = manifest.problems[0]
        raise AppInvalid(problem.message, where=problem.place, hint=problem.hint)
    runtime = manifest.text(("runtime",)) or ""
    if runtime.startswith("python"):
        raise AppInvalid(
            f"The app is written in Python already: its runtime is {shown(runtime)}.",
            where=f"{MANIFEST}:{manifest.position(('runtime',)).line}",
            hint=f"Install it with: mooring install {root}",
        )
    if not manifest.mapping(("meta",)) or not runtime.startswith("node"):
        missing = "a runtime for Node" if manifest.mapping(("meta",)) else "meta"
        raise AppInvalid(
            f"{MANIFEST} is not the manifest of an OCP app: it lacks {missing}.",
            where=MANIFEST,
            hint="An OCP app says who it is under meta, and runtime: node22 or older.",
        )


def _walk(root: Path, folder: str) -> Iterator[Path]:
    """Walk the files of a folder of the app; links are left where they are."""
    found = (
        Path(below) / name
        for below, folders, names in os.walk(root / folder, onerror=None)
        if not _passed_over(folders)
        for name in sorted(names)
    )
    return islice((path for path in found if path.is_file() and not path.is_symlink()), MOST_FILES)


def _passed_over(folders: list[str]) -> bool:
    """Take out of a walk what is not the app's own."""
    folders[:] = sorted(f for f in folders if f != "node_modules" and not f.startswith("."))
    return False


def _sources(root: Path, notes: list[Note]) -> tuple[tuple[TypeScriptFile, ...], tuple[str, ...]]:
    read: list[TypeScriptFile] = []
    tests: list[str] = []
    for path in _walk(root, "src"):
        file = path.relative_to(root).as_posix()
        if path.suffix not in SOURCES or file.endswith(".d.ts"):
            continue
        if TEST.search(file):
            tests.append(file)
        elif path.stat().st_size > LARGEST_SOURCE:
            said = f"it is larger than {LARGEST_SOURCE} bytes and was not read."
            notes.append(Note(Topic.FILES, file, said))
        else:
            text = path.read_bytes().decode("utf-8", "replace")
            read.append(read_typescript(text, file=file))
    return tuple(read), tuple(tests)


def _carried(root: Path, notes: list[Note]) -> dict[str, bytes]:
    carried: dict[str, bytes] = {}
    for folder in CARRIED_FOLDERS:
        for path in _walk(root, folder):
            _carry(carried, path, path.relative_to(root).as_posix(), notes)
    for folder in SCHEMA_FOLDERS:
        for path in _walk(root, folder):
            if path.parent == root / folder and path.suffix in YAML_ENDINGS:
                _carry(carried, path, f"{SCHEMA_FOLDERS[0]}/{path.name}", notes)
    for name in CARRIED_FILES:
        if (root / name).is_file() and not (root / name).is_symlink():
            _carry(carried, root / name, name, notes)
    return carried


def _carry(carried: dict[str, bytes], path: Path, name: str, notes: list[Note]) -> None:
    size = path.stat().st_size
    if size > LARGEST_ASSET:
        said = f"it has {size} bytes, more than {LARGEST_ASSET}; copy it by hand."
        notes.append(Note(Topic.FILES, name, said))
        return
    carried[name] = path.read_bytes()


def _packages(root: Path, notes: list[Note]) -> tuple[str, ...]:
    path = root / "package.json"
    if not path.is_file() or path.stat().st_size > LARGEST_SOURCE:
        return ()
    try:
        read = json.loads(path.read_bytes())
        declared = read.get("dependencies", {}) if isinstance(read, dict) else None
    except (ValueError, RecursionError):
        declared = None
    if not isinstance(declared, dict):
        said = "it cannot be read; the packages are those that the code imports."
        notes.append(Note(Topic.PACKAGES, "package.json", said))
        return ()
    return tuple(declared)


def _env_files(root: Path) -> dict[str, tuple[str, ...]]:
    """Name the variables that each ``.env`` file sets; the values are nobody's business here."""
    found = sorted(path for path in root.glob(".env*") if path.is_file())
    return {
        path.name: tuple(VARIABLE.findall(path.read_bytes().decode("utf-8", "replace")))
        for path in found
        if path.stat().st_size <= LARGEST_SOURCE
    }
