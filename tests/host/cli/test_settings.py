"""Settings through the command line: shown, set, checked, never a secret."""

from __future__ import annotations

from tests.conftest import Program
from tests.host.cli.conftest import APP


def test_a_section_is_submitted_and_shown(installed: Program) -> None:
    said = installed.ok("settings", APP, "greeting", "--set", "salutation=Ahoy", "--json").json
    assert said["ok"]
    shown = installed.ok("settings", APP, "--json").json
    assert shown["greeting"]["salutation"] == "Ahoy"


def test_an_unknown_field_is_answered_with_the_nearest_and_stores_nothing(
    installed: Program,
) -> None:
    answer = installed("settings", APP, "greeting", "--set", "saltation=Ahoy")
    assert answer.status == 1
    assert "salutation" in answer.out
    assert installed.ok("settings", APP, "--json").json == {"greeting": {"salutation": "Hello"}}


def test_an_unknown_section_is_answered_with_the_nearest(installed: Program) -> None:
    answer = installed("settings", APP, "greetings")
    assert answer.status == 66
    assert "Did you mean greeting?" in answer.err


def test_set_without_a_section_is_a_usage_error(installed: Program) -> None:
    assert installed("settings", APP, "--set", "salutation=Ahoy").status == 2


def test_an_app_without_a_settings_file_says_so(installed: Program) -> None:
    path = installed.home.parent / "file.yml"
    path.write_text("greeting: {salutation: Ahoy}\n", "utf-8")
    answer = installed("settings", APP, "--file", str(path))
    assert answer.status == 1
    assert "does not read a settings file" in answer.err
