from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mooring.cli.init import TEMPLATES, scaffold_values
from mooring.cli.scaffold import render, write
from mooring.rules import validate_app
from tests.conftest import Program

BUILD = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
ODD_NAMES = (
    'Bäcker & "Söhne": #1',
    "{{ 7 * 7 }} {% raw %}",
    "[link](nowhere.md) <b> `x` *y*",
    "'''\\n\"\"\" \\ %s",
    "- yes: no",
    "商店 🛒",
)


def python(folder: str, *arguments: str, cli: Program) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**cli.environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_new_app_says_what_comes_next(cli: Program, tmp_path: Path) -> None:
    answer = cli.ok("init", "my_app", cwd=tmp_path)
    assert "Created my_app in my_app" in answer.out
    assert "mooring install ." in answer.out


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_app_validates_and_its_tests_pass(
    cli: Program, tmp_path: Path, template: str
) -> None:
    made = cli.ok("init", str(tmp_path / "shop-app"), "--template", template, "--json").json
    assert made["app_id"] == "shop_app"
    assert cli.ok("validate", made["folder"], "--json").json == {"problems": [], "ok": True}
    assert cli.ok("check", made["folder"], "--level", "bronze", "--json").json["ok"]
    done = python(made["folder"], "-m", "pytest", "-q", "-p", "no:cacheprovider", cli=cli)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_app_can_be_installed_and_leave(cli: Program, tmp_path: Path, template: str) -> None:
    folder = str(tmp_path / "shop")
    cli.ok("init", folder, "--template", template)
    cli.ok("install", folder)
    assert "shop" in cli.ok("apps").out
    cli.ok("uninstall", "shop")


def test_names_of_people_stay_as_they_are(cli: Program, tmp_path: Path) -> None:
    cli.ok("init", str(tmp_path / "app"), "--display-name", ODD_NAMES[0])
    assert cli.ok("validate", str(tmp_path / "app")).out == "No problems.\n"
    assert ODD_NAMES[0] in (tmp_path / "app" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_breaks_no_file(tmp_path: Path, template: str, name: str) -> None:
    files = render(("every", template), scaffold_values("odd__", display_name=name, vendor="me"))
    write(tmp_path, files)
    assert validate_app(tmp_path) == []
    assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == "odd"
    for file, text in files.items():
        if file.endswith(".py"):
            compile(text, file, "exec")
        if file.endswith(".svg"):
            assert ElementTree.fromstring(text).get("aria-label") == name  # noqa: S314  # our own


def test_editors_find_the_shapes_of_every_yaml_file_without_a_network(
    cli: Program, tmp_path: Path
) -> None:
    cli.ok("init", str(tmp_path / "app"), "--template", "connector")
    files = list((tmp_path / "app").rglob("*.yml"))
    assert len(files) == 3
    for file in files:
        first = file.read_text("utf-8").splitlines()[0]
        _, named, schema = first.partition("# yaml-language-server: $schema=")
        assert named, file
        assert (file.parent / schema).is_file(), first


def test_what_is_built_of_an_app_brings_no_modules(cli: Program, tmp_path: Path) -> None:
    made = cli.ok("init", str(tmp_path / "app"), "--template", "connector", "--json").json
    done = python(made["folder"], "-c", BUILD, cli=cli)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = (tmp_path / "app" / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if ".dist-info/" not in name] == []


def test_what_was_written_is_ignored_by_git_where_it_is_secret(
    cli: Program, tmp_path: Path
) -> None:
    made = cli.ok("init", str(tmp_path / "app"), "--json").json
    assert ".gitignore" in made["files"]
    assert ".env" in (tmp_path / "app" / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize("app_id", ["My App", "ab", "1st", "x" * 33])
def test_an_app_id_that_cannot_be_is_refused(cli: Program, tmp_path: Path, app_id: str) -> None:
    answer = cli("init", str(tmp_path / "app"), "--app-id", app_id)
    assert answer.status == 2
    assert "cannot be an app id" in answer.err
    assert not (tmp_path / "app").exists()


@pytest.mark.parametrize("option", ["--vendor", "--display-name"])
def test_a_blank_or_unfitting_name_is_refused(cli: Program, tmp_path: Path, option: str) -> None:
    answer = cli("init", str(tmp_path / "app"), option, " ")
    assert answer.status == 2
    assert not (tmp_path / "app").exists()


def test_a_folder_with_something_in_it_is_left_alone(cli: Program, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "precious").write_text("")
    answer = cli("init", str(tmp_path / "app"))
    assert answer.status == 75
    assert "is not empty" in answer.err
    assert [p.name for p in (tmp_path / "app").iterdir()] == ["precious"]
