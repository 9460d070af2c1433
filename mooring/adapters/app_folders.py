"""Where does the host keep its own copy of each installed app version?

A copy makes an installation independent of the author's folder, which may change or vanish. Its
name carries a digest of the content, so that equal content is stored once.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from mooring.errors import AppInvalid, HomeUnusable

DIGITS = 32  # of a digest; equal ones are taken for equal content
DIGITS_ONCE = 12
KEPT_UNUSED = 86_400.0  # seconds
PARTS = ("app.yml", "pyproject.toml", "quality.yml", "assets", "forms", "schema", "src")


def keep(source: Path, home: Path, *, app_id: str, version: str, digits: int = DIGITS) -> Path:
    """Copy the app's own files below ``home/apps`` and return the copy's folder.

    ``digits`` of the digest are in its name: copies of older hosts have fewer, and keep them.

    Raises AppInvalid when a file cannot be read, HomeUnusable when the home cannot be written.
    """
    try:
        files = sorted(_files(source))
        sum_of = _digest(source, files)[:digits]
    except OSError as error:
        raise AppInvalid(
            f"The app cannot be read: {error.strerror or error}.",
            where=str(error.filename or source),
            hint="Make its files readable.",
        ) from error
    target = home / "apps" / app_id / f"{version}-{sum_of}"
    if target.is_dir():
        return target
    try:
        _copy(source, files, target)
    except OSError as error:
        raise HomeUnusable(
            f"The app cannot be copied into the home: {error.strerror or error}.",
            where=str(target.parent),
            hint="Make the folder writable, or choose another one with --home.",
        ) from error
    return target


def packed(root: Path) -> Iterator[dict[str, str]]:
    """Give the files of a copy as records for an archive. Raises HomeUnusable."""
    try:
        for path in sorted(_files(root)):
            content = base64.b64encode(path.read_bytes()).decode()
            yield {"file": path.relative_to(root).as_posix(), "content": content}
    except OSError as error:
        raise HomeUnusable(
            f"The host's copy of the app cannot be read: {error.strerror or error}.",
            where=str(error.filename or root),
            hint="Make the home's files readable.",
        ) from error


def lay_out(folder: Path, record: Mapping[str, str]) -> None:
    """Write a file from such a record below a folder. Raises ValueError for one of no app."""
    name = PurePosixPath(record["file"])
    if name.is_absolute() or ".." in name.parts or not belongs(name):
        raise ValueError(f"It holds {name}, which is no file of an app.")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(base64.b64decode(record["content"]))


def size(root: Path) -> int:
    """Return how many bytes the app's own files have together."""
    return sum(path.stat().st_size for path in _files(root))


def digest(root: Path) -> str:
    """Return the digest of the app's own files, with whose first digits a copy's name ends."""
    return _digest(root, sorted(_files(root)))


def belongs(name: PurePosixPath) -> bool:
    """Whether a file of this name is part of an app."""
    first = name.parts[0] if name.parts else ""
    return first in PARTS or (len(name.parts) == 1 and first.startswith(".env"))


def forget_unused(home: Path, *, app_id: str, used: Collection[Path]) -> None:
    """Remove an app's copies that are not in use, and were not for a day.

    What began on a version may still have to import a part of it for the first time.
    """
    now = time.time()
    for root in (home / "apps" / app_id).glob("[!.]*"):
        with contextlib.suppress(FileNotFoundError):  # Another process removed it.
            if root in used:
                os.utime(root)
            elif now - root.stat().st_mtime > KEPT_UNUSED:
                shutil.rmtree(root, ignore_errors=True)


def _files(source: Path) -> Iterator[Path]:
    # Files alone: a folder of that name is somebody's virtual environment.
    yield from (path for path in source.glob(".env*") if path.is_file())
    for part in PARTS:
        path = source / part
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from (p for p in path.rglob("*") if p.is_file() and _wanted(p))


def _wanted(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.suffix not in (".pyc", ".pyo")


def _digest(source: Path, files: list[Path]) -> str:
    found = hashlib.sha256()
    for path in files:
        name = path.relative_to(source).as_posix().encode()
        content = path.read_bytes()
        found.update(len(name).to_bytes(4, "big") + name)
        found.update(len(content).to_bytes(8, "big") + content)
    return found.hexdigest()


def _copy(source: Path, files: list[Path], target: Path) -> None:
    """Copy into a sibling first and rename, so that no half copy is ever seen."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    try:
        for path in files:
            copy = draft / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            if path.name.startswith(".env"):
                copy.chmod(0o600)
        try:
            draft.replace(target)
        except OSError:
            # Another process made the same copy first; equal names mean equal content.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
