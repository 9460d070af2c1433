from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mooring.loader import load_class, mount, unmount
from tests.conftest import Program

APPS = Path(__file__).resolve().parents[1] / "porting" / "apps"
NAMES = sorted(path.name for path in APPS.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_ported_app_validates_mounts_and_its_tests_pass(
    cli: Program, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "ported"
    said = cli.ok("port", str(APPS / name), str(folder), "--json").json
    assert said["ok"]
    assert said["folder"] == str(folder)
    assert cli("validate", str(folder), "--json").json["problems"] == said["problems"]
    assert sorted(said["files"]) == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    package = mount(f"ported_{name}", folder)
    for stub in said["stubs"]:
        module = stub["file"].removeprefix("src/").removesuffix(".py").replace("/", ".")
        load_class(
            package, folder, module=module, class_name=stub["class"], methods=stub["methods"]
        )
    unmount(package)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**cli.environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{sum(len(stub['methods']) for stub in said['stubs'])} passed" in done.stdout


def test_the_report_is_said_and_written(cli: Program, tmp_path: Path) -> None:
    answer = cli.ok("port", str(APPS / "newsletter"), str(tmp_path / "ported"))
    assert "app.yml:14: runtime is python3.11 instead of node22" in answer.out
    page = (tmp_path / "ported" / "PORTING.md").read_text("utf-8")
    assert "# Porting Newsletter" in page
    assert "jsonwebtoken: look at PyJWT." in page
    assert '# "PyJWT",  # in place of jsonwebtoken' in (
        tmp_path / "ported" / "pyproject.toml"
    ).read_text("utf-8")


def test_a_stub_that_is_called_says_that_it_is_not_written(cli: Program, tmp_path: Path) -> None:
    cli.ok("port", str(APPS / "newsletter"), str(tmp_path / "ported"))
    answer = cli("install", str(tmp_path / "ported"))
    assert answer.status == 1
    assert "on_install of Lifecycle is not written yet." in answer.err
    assert "src/lifecycle/Lifecycle.ts:4" in answer.err


def test_an_app_with_faults_is_ported_and_its_faults_are_named(
    cli: Program, tmp_path: Path
) -> None:
    source = tmp_path / "ocp"
    source.mkdir()
    (source / "app.yml").write_text("meta: {app_id: '../x\"'}\nruntime: node22\n")
    answer = cli("port", str(source), str(tmp_path / "ported"), "--json")
    assert answer.status == 1
    rules = {problem["rule"] for problem in answer.json["problems"]}
    assert {"META-1", "MAN-1"} <= rules
    assert not answer.json["ok"]


def test_a_folder_with_something_in_it_is_left_alone(cli: Program, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    answer = cli("port", str(APPS / "newsletter"), str(tmp_path))
    assert answer.status == 75
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["precious"]


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [("nowhere", 2, "There is no folder"), (".", 1, "has no app.yml"), ("file", 2, "not a folder")],
)
def test_bad_input_is_refused_and_nothing_is_written(
    cli: Program, tmp_path: Path, source: str, status: int, said: str
) -> None:
    (tmp_path / "file").write_text("")
    answer = cli("port", source, "ported", cwd=tmp_path)
    assert answer.status == status
    assert said in answer.err
    assert not (tmp_path / "ported").exists()
