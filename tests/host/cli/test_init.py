from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Program

ROOT = Path(__file__).resolve().parents[3]


def test_a_new_app_says_what_comes_next(cli: Program, tmp_path: Path) -> None:
    answer = cli.ok("init", "my_app", cwd=tmp_path)
    assert "Created my_app in my_app" in answer.out
    assert "mooring install ." in answer.out


def test_a_new_app_validates_and_its_tests_pass(cli: Program, tmp_path: Path) -> None:
    made = cli.ok("init", str(tmp_path / "shop-app"), "--json").json
    assert made["app_id"] == "shop_app"
    assert cli.ok("validate", made["folder"], "--json").json == {"problems": [], "ok": True}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=made["folder"],
        env={**cli.environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_names_of_people_stay_as_they_are_in_every_file(cli: Program, tmp_path: Path) -> None:
    name = 'Bäcker & "Söhne": #1'
    cli.ok("init", str(tmp_path / "app"), "--app-id", "shop", "--display-name", name)
    assert cli.ok("validate", str(tmp_path / "app")).out == "No problems.\n"
    assert name in (tmp_path / "app" / "README.md").read_text("utf-8")


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
