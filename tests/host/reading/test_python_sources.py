from __future__ import annotations

from pathlib import Path

import pytest

from mooring.model.problem import Position
from mooring.reading.python_sources import LARGEST, MOST_OF_ALL, Ancestry, PythonSources


def sources(root: Path, **modules: str) -> PythonSources:
    for name, text in modules.items():
        stem = name.replace("__init__", "@").replace("__", "/").replace("@", "__init__")
        path = root / "src" / f"{stem}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return PythonSources(root)


def ancestry(root: Path, text: str, **others: str) -> Ancestry:
    return sources(root, jobs__sync=text, **others).ancestry("jobs.sync", "Sync")


def test_a_class_has_its_place_bases_and_methods(tmp_path: Path) -> None:
    methods = "    def a(self): ...\n    async def b(self): ...\n    c = a\n"
    text = f"import x\n\n\nclass Sync(x.Job[int], make()):\n{methods}"
    module = sources(tmp_path, jobs__sync=text).module("jobs.sync")
    assert module is not None
    found = module.classes["Sync"]
    assert found.position == Position(4, 1)
    assert found.bases == ("x.Job", None)
    assert found.methods == {"a", "b", "c"}


def test_a_module_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert sources(tmp_path).module("jobs.sync") is None


def test_modules_are_named_as_they_are_imported(tmp_path: Path) -> None:
    found = sources(tmp_path, jobs__sync="", core____init__="", __init__="", core__a__b="")
    assert found.names() == ["core", "core.a.b", "jobs.sync"]
    assert sources(tmp_path / "nowhere").names() == []


def test_the_files_beside_a_module_are_named(tmp_path: Path) -> None:
    found = sources(tmp_path, jobs__b="", jobs__a="", jobs____init__="")
    assert found.beside("jobs.sync") == ["a.py", "b.py"]
    assert found.beside("nowhere.sync") == []


@pytest.mark.parametrize(
    "text",
    [
        "from mooring.sdk import Job\nclass Sync(Job): ...",
        "from mooring.sdk import Job as Base\nclass Sync(Base): ...",
        "from mooring.sdk.job import Job\nclass Sync(Job): ...",
        "import mooring.sdk\nclass Sync(mooring.sdk.Job): ...",
        "import mooring.sdk as sdk\nclass Sync(sdk.Job): ...",
        "from mooring import sdk\nclass Sync(sdk.Job): ...",
        "from mooring.sdk import Job\nclass Middle(Job): ...\nclass Sync(Middle): ...",
        "from mooring.sdk import Job\nfrom abc import ABC\nclass Sync(Job, ABC): ...",
        "try:\n    from mooring.sdk import Job\nexcept ImportError: ...\nclass Sync(Job): ...",
        "if True:\n    from mooring.sdk import Job\n\n    class Sync(Job): ...",
    ],
)
def test_a_base_of_the_sdk_is_recognised_however_it_is_written(tmp_path: Path, text: str) -> None:
    found = ancestry(tmp_path, text)
    assert found.known
    assert found.sdk_bases == {"Job"}


@pytest.mark.parametrize(
    "line",
    [
        "from ..core.base import Base",
        "from ..core import base\nBase = 1\nclass Sync(base.Base): ...\n",
        "from .other import Base",
    ],
)
def test_relative_imports_are_followed(tmp_path: Path, line: str) -> None:
    base = "from mooring.sdk import Job\nclass Base(Job):\n    def prepare(self): ...\n"
    text = line if "class" in line else f"{line}\nclass Sync(Base):\n    def perform(self): ...\n"
    found = ancestry(tmp_path, text, core__base=base, jobs__other=base)
    assert found.sdk_bases == {"Job"}
    assert "prepare" in found.methods


@pytest.mark.parametrize("base", ["Exception", "dict", "object"])
def test_what_python_brings_is_known_to_be_no_base_of_the_sdk(tmp_path: Path, base: str) -> None:
    found = ancestry(tmp_path, f"class Sync({base}): ...")
    assert (found.sdk_bases, found.known) == (frozenset(), True)


@pytest.mark.parametrize(
    "text",
    [
        "from elsewhere import Base\nclass Sync(Base): ...",
        "class Sync(Nobody): ...",
        "class Sync(bases[0]()): ...",
        "from .nowhere import Base\nclass Sync(Base): ...",
        "from .broken import Base\nclass Sync(Base): ...",
    ],
)
def test_what_cannot_be_followed_is_unknown(tmp_path: Path, text: str) -> None:
    assert not ancestry(tmp_path, text, jobs__broken="class (").known


def test_a_syntax_error_has_its_place(tmp_path: Path) -> None:
    module = sources(tmp_path, jobs__sync="x = 1\ny = = 2\n").module("jobs.sync")
    assert module is not None
    assert (module.error, module.position) == ("invalid syntax", Position(2, 5))


def test_a_file_beyond_measure_is_not_looked_into_and_not_called_wrong(tmp_path: Path) -> None:
    read = sources(tmp_path, jobs__sync="(" * (LARGEST + 1))
    module = read.module("jobs.sync")
    assert module is not None
    assert (module.error, module.bound) == ("", None)
    assert module.defines("Sync")
    assert not read.ancestry("jobs.sync", "Sync").known


def test_bases_are_followed_however_many_there_are(tmp_path: Path) -> None:
    text = "".join(f"class S{n}(S{n + 1}): ...\n" for n in range(5_000))
    assert not ancestry(tmp_path, f"{text}class Sync(S0): ...\n").known


def test_only_so_much_code_is_looked_at(tmp_path: Path) -> None:
    names = [f"m{n:02}" for n in range(15)]
    read = sources(tmp_path, **{f"core__{name}": "#" * 90_000 for name in names})
    assert len(read.names()) == MOST_OF_ALL // 90_000


def test_code_is_never_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    sources(tmp_path, jobs__sync=f"open({str(marker)!r}, 'w')").module("jobs.sync")
    assert not marker.exists()
