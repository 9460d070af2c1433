from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mooring.reading.app_folder import AppFolder, distributions_of


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True)  # noqa: S607  # any git


def test_texts_are_read_and_what_is_no_text_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbfHello \xc3\xa9\n")
    (tmp_path / "b.md").write_bytes(b"\xff\xfe")
    (tmp_path / "c.md").write_bytes(b"x" * 1_000_001)
    (tmp_path / "d.md").mkdir()
    folder = AppFolder(tmp_path)
    assert folder.text("a.md") == "Hello é\n"
    assert [folder.text(f"{name}.md") for name in "bcde"] == [None] * 4


def test_requirements_are_those_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["httpx>=0.28", "x"]\n')
    assert AppFolder(tmp_path).requirements == ["httpx>=0.28", "x"]


@pytest.mark.parametrize("text", [None, "", "[project", "project = 1\n", "[project]\nname='x'\n"])
def test_a_project_that_says_nothing_requires_nothing(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert AppFolder(tmp_path).requirements is None


def test_environment_files_are_those_beside_the_manifest(tmp_path: Path) -> None:
    for name in (".env", ".env.local", ".envrc", "x.env"):
        (tmp_path / name).write_text("")
    assert AppFolder(tmp_path).environment_files() == [".env", ".env.local"]


def test_only_what_git_keeps_is_tracked(tmp_path: Path) -> None:
    for name in (".env", ".env.local"):
        (tmp_path / name).write_text("")
    folder = AppFolder(tmp_path)
    assert folder.tracked([".env", ".env.local"]) == []
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".env")
    assert folder.tracked([".env", ".env.local"]) == [".env"]


def test_an_app_below_the_top_of_a_repository_is_asked_about_itself(tmp_path: Path) -> None:
    (tmp_path / "apps/one").mkdir(parents=True)
    (tmp_path / "apps/one/.env").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all")
    assert AppFolder(tmp_path / "apps/one").tracked([".env"]) == [".env"]


def test_a_repository_runs_nothing_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(program))
    assert AppFolder(tmp_path).tracked([".env"]) == [".env"]
    assert not (tmp_path / "ran").exists()


def test_tests_are_found_below_their_folder(tmp_path: Path) -> None:
    (tmp_path / "tests/app").mkdir(parents=True)
    for name in ("tests/test_a.py", "tests/app/test_b.py", "tests/c.py", "test_d.py"):
        (tmp_path / name).write_text(name)
    assert AppFolder(tmp_path).tests == {
        "tests/app/test_b.py": "tests/app/test_b.py",
        "tests/test_a.py": "tests/test_a.py",
    }


def test_modules_lead_to_what_brings_them() -> None:
    assert "PyYAML" in distributions_of("yaml")
    assert distributions_of("no_such_module") == []
