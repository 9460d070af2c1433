"""An app's ``src/`` is importable as a private package, and every way of failing is told apart."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mooring.errors import EntryPointInvalid
from mooring.loader import NAMESPACE, load_class, mount, unmount

GREETER = """from ..core.words import WORD


class Greeter:
    def perform(self):
        return WORD
"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Write small apps: ``app("one", {"functions/greeter.py": …})`` returns the root."""

    def write(name: str, files: dict[str, str]) -> Path:
        root = tmp_path / name
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        return root

    yield write
    for package in [p for p in sys.modules if p.startswith(f"{NAMESPACE}.")]:
        unmount(package)


def greeter(word: str) -> dict[str, str]:
    return {"src/functions/greeter.py": GREETER, "src/core/words.py": f"WORD = {word!r}\n"}


def test_two_apps_with_equal_file_names_keep_their_own_code(app: Callable[..., Path]) -> None:
    said = []
    for word in ("ahoy", "moin"):
        root = app(word, greeter(word))
        found = load_class(
            mount(word, root), root, module="functions.greeter", class_name="Greeter"
        )
        said.append(found().perform())  # type: ignore[attr-defined]  # a class of the written app
    assert said == ["ahoy", "moin"]


def test_mounting_leaves_the_path_alone(app: Callable[..., Path]) -> None:
    before = list(sys.path)
    mount("quiet", app("quiet", greeter("x")))
    assert sys.path == before
    assert "functions" not in sys.modules


def test_unmounting_and_mounting_again_sees_the_changed_file(app: Callable[..., Path]) -> None:
    root = app("changing", greeter("old"))
    package = mount("changing", root)
    load_class(package, root, module="functions.greeter", class_name="Greeter")
    unmount(package)
    (root / "src/core/words.py").write_text("WORD = 'newer'\n", "utf-8")
    package = mount("changing", root)
    found = load_class(package, root, module="functions.greeter", class_name="Greeter")
    assert found().perform() == "newer"  # type: ignore[attr-defined]  # a class of the written app


def test_a_missing_file_lists_the_files_there_are(app: Callable[..., Path]) -> None:
    root = app("files", greeter("x"))
    with pytest.raises(EntryPointInvalid, match=r"functions/absent\.py does not exist") as raised:
        load_class(mount("files", root), root, module="functions.absent", class_name="Absent")
    assert "greeter.py" in raised.value.hint


def test_an_import_error_names_the_line_of_the_app(app: Callable[..., Path]) -> None:
    root = app("broken", {"src/functions/bad.py": "import os\n\nos.no_such_thing\n"})
    with pytest.raises(EntryPointInvalid) as raised:
        load_class(mount("broken", root), root, module="functions.bad", class_name="Bad")
    assert raised.value.where == "src/functions/bad.py:3"


def test_a_syntax_error_names_its_line(app: Callable[..., Path]) -> None:
    root = app("syntax", {"src/functions/bad.py": "x = 1\ndef (:\n"})
    with pytest.raises(EntryPointInvalid) as raised:
        load_class(mount("syntax", root), root, module="functions.bad", class_name="Bad")
    assert raised.value.where == "src/functions/bad.py:2"


def test_a_module_that_exits_is_an_error_like_any_other(app: Callable[..., Path]) -> None:
    root = app("exits", {"src/functions/bad.py": "raise SystemExit(3)\n"})
    with pytest.raises(EntryPointInvalid, match="SystemExit"):
        load_class(mount("exits", root), root, module="functions.bad", class_name="Bad")


def test_a_missing_class_lists_the_classes_there_are(app: Callable[..., Path]) -> None:
    root = app("classes", greeter("x"))
    with pytest.raises(EntryPointInvalid, match="no class Greter") as raised:
        load_class(mount("classes", root), root, module="functions.greeter", class_name="Greter")
    assert raised.value.hint == "Did you mean Greeter? Classes found there: Greeter."


def test_a_method_of_another_spelling_is_asked_for(app: Callable[..., Path]) -> None:
    spelled = GREETER.replace("def perform", "def preform")
    root = app("spelled", {**greeter("x"), "src/functions/greeter.py": spelled})
    package = mount("spelled", root)
    with pytest.raises(EntryPointInvalid, match="no method perform") as raised:
        load_class(
            package, root, module="functions.greeter", class_name="Greeter", methods=("perform",)
        )
    assert raised.value.hint.startswith("Did you mean preform? ")


def test_a_missing_method_is_named(app: Callable[..., Path]) -> None:
    root = app("methods", greeter("x"))
    with pytest.raises(EntryPointInvalid, match="no method prepare"):
        load_class(
            mount("methods", root),
            root,
            module="functions.greeter",
            class_name="Greeter",
            methods=("prepare", "perform"),
        )


def test_packages_that_the_app_declares_and_that_are_missing_are_named(
    app: Callable[..., Path],
) -> None:
    root = app(
        "needy",
        {"pyproject.toml": '[project]\ndependencies = ["click", "no-such-dist>=3"]\n'},
    )
    with pytest.raises(EntryPointInvalid, match="no-such-dist>=3") as raised:
        mount("needy", root)
    assert "pip install 'no-such-dist>=3'" in raised.value.hint
    assert "click" not in raised.value.message
