"""What does an installation of this tree bring? The host alone, whole, and nothing else."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist")
FOLDERS_OF_THE_APP = ("src", "functions", "jobs", "lifecycle", "core", "clients", "schema", "forms")
FOLDERS_OF_THE_TREE = ("tests", "sandbox", "scripts", "benchmarks", "examples", "docs")

BUILD = "import sys; from setuptools import build_meta; print(build_meta.{hook}(sys.argv[1]))"
LOOK = """
import json, pkgutil, sys, sysconfig
from importlib.util import find_spec
mine = sysconfig.get_path("purelib")
print(json.dumps({
    "importable": sorted({m.name for m in pkgutil.iter_modules() if m.name not in sys.argv[1:]}),
    "found": [name for name in sys.argv[1:] if find_spec(name)],
    "purelib": mine,
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tree, with something importable in every folder that must stay out."""
    copy = tmp_path_factory.mktemp("tree") / "mooring"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    for name in (*FOLDERS_OF_THE_APP, *FOLDERS_OF_THE_TREE):
        for folder in (copy / name, copy / "src" / name):
            folder.mkdir(exist_ok=True)
            (folder / "__init__.py").touch()
    return copy


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installation(
    request: pytest.FixtureRequest, copy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Install the copy into an empty virtual environment and return its interpreter."""
    folder = tmp_path_factory.mktemp(str(request.param))
    wheel = _build(copy, folder, editable=request.param == "editable")
    _run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"), cwd=folder)
    python = folder / "venv" / "bin" / "python"
    purelib = json.loads(_run(str(python), "-c", LOOK, cwd=folder))["purelib"]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(purelib)  # what installing a wheel of pure Python is
    return python


@pytest.fixture(scope="module")
def in_the_wheel(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Name the files in the wheel."""
    with zipfile.ZipFile(_build(copy, tmp_path_factory.mktemp("wheel"))) as archive:
        return set(archive.namelist())


def _build(copy: Path, folder: Path, *, editable: bool = False) -> Path:
    hook = "build_editable" if editable else "build_wheel"
    said = _run(sys.executable, "-c", BUILD.format(hook=hook), str(folder), cwd=copy)
    return folder / said.splitlines()[-1]


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_only_the_host_becomes_importable(installation: Path, tmp_path: Path) -> None:
    forbidden = (*FOLDERS_OF_THE_APP, *FOLDERS_OF_THE_TREE)
    seen = json.loads(_run(str(installation), "-c", LOOK, "mooring", *forbidden, cwd=tmp_path))
    assert seen["found"] == ["mooring"]


def test_nothing_else_at_the_top_becomes_importable(installation: Path, tmp_path: Path) -> None:
    seen = set(json.loads(_run(str(installation), "-c", LOOK, cwd=tmp_path))["importable"])
    bare = json.loads(_run(sys.executable, "-I", "-S", "-c", LOOK, cwd=tmp_path))["importable"]
    brought = {name for name in seen - set(bare) if not name.startswith("__editable__")}
    assert brought <= {"mooring"}


def test_the_wheel_holds_every_file_of_the_host(copy: Path, in_the_wheel: set[str]) -> None:
    files = {p.relative_to(copy).as_posix() for p in (copy / "mooring").rglob("*") if p.is_file()}
    assert files - in_the_wheel == set()


def test_the_wheel_holds_nothing_but_the_host(in_the_wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in in_the_wheel}
    assert {re.sub(r"-[\d.]+\.dist-info", ".dist-info", top) for top in tops} == {
        "mooring",
        "mooring.dist-info",
    }


def test_every_library_the_host_imports_is_declared() -> None:
    declared = {_plain(requirement) for requirement in _project()["dependencies"]}
    distributions = packages_distributions()
    used = {
        (name, path.relative_to(ROOT).as_posix())
        for path in (ROOT / "mooring").rglob("*.py")
        if not {"templates", "testing"} & set(path.parts)
        for name in _libraries(path)
    }
    undeclared = {
        f"{path} imports {name}"
        for name, path in used
        if not declared & {_plain(found) for found in distributions.get(name, [name])}
    }
    # secretstorage comes with keyring where there is a Secret Service, and is asked for only there
    assert {line for line in undeclared if not line.endswith("secretstorage")} == set()


def test_the_lock_pins_every_file_by_its_hash() -> None:
    pinned = _locked()
    assert pinned
    assert all("--hash=sha256:" in requirement for requirement in pinned)


def test_the_lock_names_no_index_and_no_machine() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
    assert not [line for line in _locked() if line.startswith("-") or " @ " in line]


def test_the_lock_holds_everything_that_is_declared() -> None:
    project = _project()
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {_plain(w) for w in wanted} - {_plain(line) for line in _locked()} == set()


def _project() -> dict[str, dict[str, list[str]]]:
    project: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())[
        "project"
    ]
    return project


def _locked() -> list[str]:
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _plain(requirement: str) -> str:
    """Return a requirement's name as registries compare it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else requirement


def _libraries(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for library in {name.partition(".")[0] for name in names}:
            if library not in {*sys.stdlib_module_names, "mooring"}:
                yield library
