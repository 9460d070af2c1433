from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from mooring.cli.excerpts import WIDTH, Excerpts
from mooring.model.problem import Position, Problem, Rule

RULE = Rule("ANY-1", "Anything.")


def problem(file: str, line: int, column: int) -> Problem:
    return RULE.at(file, Position(line, column), "It is wrong.")


def shown(root: Path, content: str | bytes, line: int, column: int) -> list[str]:
    data = content.encode() if isinstance(content, str) else content
    (root / "app.yml").write_bytes(data)
    return Excerpts(root).at(problem("app.yml", line, column))


def test_the_caret_stands_under_its_place(tmp_path: Path) -> None:
    assert shown(tmp_path, "a: 1\nkey: value\n", 2, 6) == [
        "  2 | key: value",
        "    |      ^",
    ]


def test_a_missing_value_is_pointed_at_behind_the_line(tmp_path: Path) -> None:
    assert shown(tmp_path, "key:\n", 1, 5)[1] == "    |     ^"


@pytest.mark.parametrize(
    ("line", "place"),
    [("\tkey: value", "value"), ("名前: value", "value"), ("e\u0301te\u0301: value", "value")],
)
def test_tabs_and_wide_and_joined_characters_keep_it_there(
    tmp_path: Path, line: str, place: str
) -> None:
    text, caret = shown(tmp_path, line, 1, line.index(place) + 1)
    assert "\t" not in text
    before = text[: text.index(place)]
    assert caret.index("^") == cell_len(before)


@pytest.mark.parametrize("column", [1, 50, 150, 300])
def test_a_long_line_is_cut_around_its_place(tmp_path: Path, column: int) -> None:
    line = "x" * (column - 1) + "!" + "y" * (300 - column)
    text, caret = shown(tmp_path, line, 1, column)
    assert cell_len(text) <= WIDTH + len("  1 | …")
    assert text[caret.index("^")] == "!"


def test_lines_break_as_in_yaml(tmp_path: Path) -> None:
    assert shown(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n", 3, 1)[0] == "  3 | c: 3"
    assert shown(tmp_path, b"\xef\xbb\xbfa: 1\n", 1, 1)[0] == "  1 | a: 1"


def test_what_would_command_a_terminal_is_replaced(tmp_path: Path) -> None:
    text, caret = shown(tmp_path, "a\x1b[2J\x07: b", 1, 9)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert text[caret.index("^")] == "b"


@pytest.mark.parametrize("file", [".env", ".env.local", "config/.env"])
def test_an_environment_file_is_never_shown(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("COLOUR=blue\n")
    assert Excerpts(tmp_path).at(problem(file, 1, 1)) == []


@pytest.mark.parametrize(
    "line",
    [
        'API_KEY = "canary-0123"',
        "password: 'canary-0123'",
        "token: canary0123456789abcdef",
        "key: xkeysib-0123456789abcdef0123",
        'accessToken: str = "canary-0123"',
    ],
)
def test_a_line_that_gives_a_secret_a_value_is_not_shown(tmp_path: Path, line: str) -> None:
    assert shown(tmp_path, line, 1, 1) == []


@pytest.mark.parametrize("line", ["token = settings.token", "- type: secret", "help: A secret."])
def test_a_line_that_only_speaks_of_secrets_is_shown(tmp_path: Path, line: str) -> None:
    assert shown(tmp_path, line, 1, 1)[0] == f"  1 | {line}"


def test_what_is_not_there_is_not_shown(tmp_path: Path) -> None:
    assert shown(tmp_path, "a: 1\n", 7, 1) == []
    assert shown(tmp_path, "a: 1\n", 1, 70) == []
    assert shown(tmp_path, "\n\n", 1, 1) == []
    assert Excerpts(tmp_path).at(problem("no/such.yml", 1, 1)) == []
    assert Excerpts(tmp_path).at(problem("bad\ufffdname", 1, 1)) == []
    (tmp_path / "schema").mkdir()
    assert Excerpts(tmp_path).at(problem("schema", 1, 1)) == []


def test_nothing_outside_the_app_is_shown(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("not the app's\n")
    app = tmp_path / "app"
    app.mkdir()
    (app / "inside.yml").symlink_to(tmp_path / "outside.txt")
    assert Excerpts(app).at(problem("../outside.txt", 1, 1)) == []
    assert Excerpts(app).at(problem("inside.yml", 1, 1)) == []
