"""How does an app's ``src/`` become importable without anybody else noticing?

Each app version is mounted as a private package ``mooring_apps.<key>``; from there the ordinary
import system does everything. ``sys.path`` is untouched, two apps may have equal file names, and
dropping the modules under the prefix is unloading. This module knows nothing of installations.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import tomllib
import traceback
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from packaging.requirements import InvalidRequirement, Requirement

from mooring.errors import EntryPointInvalid, in_words
from mooring.model.known_names import listed, nearest

NAMESPACE = "mooring_apps"


def mount(key: str, root: Path, *, name: str | None = None) -> str:
    """Make ``root/src`` importable as a private package and return its name.

    ``name`` is for tests that want the app under the name their own imports use (``src``).
    Raises EntryPointInvalid when the app declares packages that are not installed.
    """
    package = name or f"{NAMESPACE}.{key}"
    if package not in sys.modules:
        check_requirements(root)
        if name is None and NAMESPACE not in sys.modules:
            _register(NAMESPACE, [])
        _register(package, [str(root / "src")])
    return package


def unmount(package: str) -> None:
    """Forget the package and all its modules; instances alive keep their classes.

    What of it runs must not import more of it from then on.
    """
    for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()


def load_class(
    package: str,
    root: Path,
    *,
    module: str,
    class_name: str,
    methods: Sequence[str] = (),
) -> type[object]:
    """Import ``module`` (dotted, below ``src``) of a mounted app and return its class.

    Raises EntryPointInvalid with one of four messages: no file, import error with its line, no
    such class, no such method; each lists what was found.
    """
    where = f"src/{module.replace('.', '/')}.py"
    _require_file(root, where, class_name)
    loaded = _import(f"{package}.{module}", root, where)
    found = getattr(loaded, class_name, None)
    if not isinstance(found, type):
        raise EntryPointInvalid(
            f"{where} has no class {class_name}.",
            where=where,
            hint=nearest(class_name, _classes(loaded))
            + f"Classes found there: {listed(_classes(loaded))}.",
        )
    missing = [method for method in methods if not callable(getattr(found, method, None))]
    if missing:
        raise EntryPointInvalid(
            f"class {class_name} has no method {listed(missing)}.",
            where=where,
            hint=nearest(missing[0], _methods(found, but=methods))
            + "Define it in the class or inherit it from a class of mooring.sdk.",
        )
    return found


def check_requirements(root: Path) -> None:
    """Check that the packages which the app's pyproject.toml asks for are installed.

    Raises EntryPointInvalid naming every missing one and the command that installs it.
    """
    missing = [str(needed) for needed in _requirements(root) if not _satisfied(needed)]
    if missing:
        raise EntryPointInvalid(
            f"the app needs packages that are not installed: {listed(missing)}.",
            where="pyproject.toml",
            hint="Install them beside mooring: pip install " + " ".join(f"'{m}'" for m in missing),
        )


def _requirements(root: Path) -> Iterable[Requirement]:
    path = root / "pyproject.toml"
    if not path.is_file():
        return
    try:
        declared = tomllib.loads(path.read_text("utf-8")).get("project", {}).get("dependencies", [])
        for text in declared:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement
    except (
        tomllib.TOMLDecodeError,
        UnicodeDecodeError,
        InvalidRequirement,
        OSError,
    ) as error:
        raise EntryPointInvalid(
            f"cannot be read: {error}", where="pyproject.toml", hint="Correct the file."
        ) from error


def _satisfied(needed: Requirement) -> bool:
    try:
        version = importlib.metadata.version(needed.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return needed.specifier.contains(version, prereleases=True)


def _require_file(root: Path, where: str, class_name: str) -> None:
    if (root / where).is_file():
        return
    folder = (root / where).parent
    present = sorted(p.name for p in folder.glob("*.py") if p.stem != "__init__")
    raise EntryPointInvalid(
        f"{where} does not exist; class {class_name} was expected in it.",
        where="app.yml",
        hint=f"Python files in {folder.relative_to(root)}/: {listed(present)}.",
    )


def _import(name: str, root: Path, where: str) -> ModuleType:
    before = set(sys.modules)
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        # A half-imported module would be handed out, broken, by the next import.
        for half in set(sys.modules) - before:
            if half.startswith(f"{NAMESPACE}."):
                del sys.modules[half]
        place = _place(error, root) or where
        raise EntryPointInvalid(
            f"{where} cannot be imported: {in_words(error)}", where=place
        ) from error


def _place(error: BaseException, root: Path) -> str:
    """Find the last line of the app's own code that the error passed through."""
    if isinstance(error, SyntaxError) and error.filename:
        frames = [(error.filename, error.lineno or 1)]
    else:
        frames = [(f.filename, f.lineno or 1) for f in traceback.extract_tb(error.__traceback__)]
    for filename, line in reversed(frames):
        path = Path(filename)
        if path.is_relative_to(root):
            return f"{path.relative_to(root)}:{line}"
    return ""


def _classes(module: ModuleType) -> list[str]:
    return sorted(
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    )


def _methods(found: type, *, but: Sequence[str]) -> list[str]:
    return [name for name in dir(found) if not name.startswith("__") and name not in but]


def _register(name: str, path: list[str]) -> None:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = path
    sys.modules[name] = importlib.util.module_from_spec(spec)
