"""What goes wrong is said in one sentence with place and remedy, and leaves nothing half-done."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.local_services import APP, SETTINGS_FILE
from tests.conftest import ROOT
from tests.scenarios.conftest import Connector

PARTS = ("assets", "forms", "schema", "src")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the connector to break."""
    folder = tmp_path / "app"
    folder.mkdir()
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part)
    for file in ("app.yml", "pyproject.toml"):
        shutil.copy(ROOT / file, folder / file)
    return folder


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_connector_has_no_problems(connector: Connector) -> None:
    answer = connector.ok("validate", ".", "--format", "json")
    assert answer.json == {"problems": [], "ok": True}


def test_a_broken_manifest_is_refused_with_file_line_and_column(
    connector: Connector, copy: Path
) -> None:
    replace(copy / "app.yml", "entry_point: Sync", "entry_point: Synk")
    answer = connector("validate", str(copy), "--format", "json")
    assert answer.status == 1
    assert not answer.json["ok"]
    (problem,) = answer.json["problems"]
    assert problem["file"] == "app.yml"
    line = (copy / "app.yml").read_text("utf-8").splitlines()[problem["line"] - 1]
    assert line[problem["column"] - 1 :] == "Synk"
    assert "Synk" in problem["message"]
    assert "sync.py" in problem["message"] + problem["hint"]


def test_a_manifest_that_is_no_yaml_is_refused_with_its_place(
    connector: Connector, copy: Path
) -> None:
    replace(copy / "app.yml", "meta:", "meta: [")
    answer = connector("install", str(copy))
    assert answer.status == 1
    assert "app.yml:" in answer.err
    assert "Traceback" not in answer.err
    assert connector.ok("apps", "--json").json == []


def test_a_missing_entry_point_and_a_class_without_perform_are_different(
    connector: Connector, copy: Path
) -> None:
    (copy / "src/functions/decisions.py").unlink()
    replace(copy / "src/jobs/sync.py", "def perform(", "def perfrom(")
    answer = connector("install", str(copy))
    assert answer.status == 1
    assert "src/functions/decisions.py" in answer.err
    assert "perform" in answer.err
    assert connector.ok("apps", "--json").json == []


def test_a_wrong_token_is_refused_at_its_field_and_not_stored(connector: Connector) -> None:
    connector.ok("install", ".")
    answer = connector(
        "settings",
        APP,
        "--file",
        str(SETTINGS_FILE),
        OPTIMIZELY_ACCESS_TOKEN="canary-wrong-token-1",
    )
    assert answer.status == 1
    assert "optimizely.access_token" in answer.out
    assert "canary" not in answer.out + answer.err
    assert connector.ok("settings", APP, "optimizely", "--json").json == {"optimizely": {}}


def test_an_unset_variable_is_an_error_with_its_line(connector: Connector) -> None:
    connector.ok("install", ".")
    del connector.environment["SHOP_SDK_KEY"]
    answer = connector("settings", APP, "--file", str(SETTINGS_FILE))
    line = 1 + SETTINGS_FILE.read_text("utf-8").splitlines().index(
        '        sdk_key: "${SHOP_SDK_KEY}"'
    )
    assert answer.status == 78
    assert f"{SETTINGS_FILE.name}:{line}:" in answer.err
    assert "SHOP_SDK_KEY is not set" in answer.err


def test_a_home_that_cannot_be_written_is_refused(connector: Connector, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    answer = connector("apps", "--home", str(blocker / "home"))
    assert answer.status == 73
    assert str(blocker) in answer.err
    assert "--home" in answer.err


@pytest.mark.parametrize("arguments", [("frobnicate",), ("install", "/nowhere"), ("jobs", "show")])
def test_a_command_typed_wrongly_ends_with_2(
    connector: Connector, arguments: tuple[str, ...]
) -> None:
    answer = connector(*arguments)
    assert answer.status == 2
    assert "Traceback" not in answer.err
