"""Commands are found, helped with, and understood with their options on either side."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import ROOT, Program


def test_help_names_every_command_people_type(cli: Program) -> None:
    said = cli.ok("--help").out
    for name in ("init", "validate", "install", "settings", "jobs", "serve", "worker", "doctor"):
        assert f"\n  {name} " in said


@pytest.mark.parametrize("name", ["init", "install", "settings", "secrets", "jobs", "logs", "odp"])
def test_every_command_helps(cli: Program, name: str) -> None:
    said = cli.ok(name, "--help").out
    assert f"Usage: mooring {name}" in said
    assert "--home" in said


def test_a_command_typed_wrongly_is_answered_with_the_nearest(cli: Program) -> None:
    answer = cli("instal", "x")
    assert answer.status == 2
    assert "Did you mean install" in answer.err


def test_global_options_count_before_and_after_the_command(cli: Program, tmp_path: Path) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    for arguments in (
        ("--home", one, "--json", "uninstall", "shop"),
        ("uninstall", "shop", "--json", "--home", other),
    ):
        assert json.loads(cli(*arguments).err)["error"]["code"] == "not_found"
    assert (tmp_path / "one" / "mooring.sqlite").exists()
    assert (tmp_path / "other" / "mooring.sqlite").exists()


def test_a_wrong_environment_value_is_named_with_what_is_allowed(cli: Program) -> None:
    answer = cli("apps", MOORING_SECRETS="plain")
    assert answer.status == 78
    assert "MOORING_SECRETS" in answer.err
    assert "keyring, encrypted" in answer.err


@pytest.mark.parametrize("account", ["../other", "a b", "-x", "é", "x" * 65])
def test_an_account_is_a_word(cli: Program, account: str) -> None:
    answer = cli("apps", f"--account={account}")
    assert answer.status == 2
    assert "cannot be an account" in answer.err


def test_errors_are_json_for_those_who_asked_for_json(cli: Program) -> None:
    answer = cli("settings", "nothing_here", "--json")
    assert answer.status == 66
    assert '"code": "not_found"' in answer.err
    assert answer.out == ""


def test_safe_mode_goes_on_without_a_plugin_that_cannot_be_loaded(
    cli: Program, tmp_path: Path
) -> None:
    broken = tmp_path / "plugins"
    info = broken / "harbour-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harbour\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mooring]\npier = no_such_module\n")
    path = f"{ROOT}{os.pathsep}{broken}"
    refused = cli("apps", PYTHONPATH=path)
    assert refused.status == 78
    assert "The plugin pier of harbour 1.0 cannot be loaded" in refused.err
    assert "--safe-mode" in refused.err
    assert cli.ok("apps", "--safe-mode", "--json", PYTHONPATH=path).json == []
    assert "--safe-mode" in cli.ok("--help").out


def test_a_usage_error_is_json_for_those_who_asked_for_json(cli: Program) -> None:
    answer = cli("--json", "instal", "x")
    assert answer.status == 2
    assert json.loads(answer.err)["error"]["code"] == "usage"
