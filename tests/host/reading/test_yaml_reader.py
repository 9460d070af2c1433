from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from mooring.model.problem import Position
from mooring.reading.yaml_reader import YamlDocument, read_yaml


def read(text: str) -> YamlDocument:
    return read_yaml(text, file="app.yml")


def rules(document: YamlDocument) -> list[str]:
    return [f"{problem.line}:{problem.column} {problem.rule}" for problem in document.problems]


def test_a_document_is_plain_values() -> None:
    document = read("a: 1\nb: [x, 1.5, true, null]\nc: {d: ''}\n")
    assert document.usable
    assert document.value == {"a": 1, "b": ["x", 1.5, True, None], "c": {"d": ""}}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_document_is_nothing(text: str) -> None:
    document = read(text)
    assert (document.value, document.usable, document.problems) == (None, True, ())


def test_every_key_and_value_has_its_place() -> None:
    document = read("jobs:\n  sync:\n    cron: '* * * * *'\n    list: [1, 22]\n")
    assert document.key_position(("jobs", "sync", "cron")) == Position(3, 5)
    assert document.position(("jobs", "sync", "cron")) == Position(3, 11)
    assert document.position(("jobs", "sync", "list", 1)) == Position(4, 15)


def test_columns_count_characters() -> None:
    assert read("Bäcker: {🍞: 1}").position(("Bäcker", "🍞")) == Position(1, 13)


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    document = read("a:\n  b: 1\n")
    assert document.position(("a", "c", "d")) == Position(2, 3)
    assert document.key_position(("a", "c")) == Position(2, 3)


def test_accessors_leave_out_what_has_another_shape() -> None:
    document = read("a: [1]\nb: {c: d}\n")
    assert document.get(("a", 0)) == 1
    assert document.get(("a", 5, "x")) is None
    assert document.text(("b", "c")) == "d"
    assert document.text(("a",)) is None
    assert document.mapping(("a",)) == {}
    assert document.items(("b",)) == []


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "NO", "y", "1:30", "12:30:45", "08:00"])
def test_words_that_older_yaml_reads_otherwise_are_strings(word: str) -> None:
    assert read(f"a: {word}").value == {"a": word}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("012", 12),
        ("0o12", 10),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1.0", 1.0),
        (".5", 0.5),
        ("-.5", "-.5"),
        ("1e3", 1000.0),
        ("~", None),
        ("True", True),
        ("1.0.0", "1.0.0"),
        ("2020-01-01", "2020-01-01"),
        ("1_", "1_"),
        ("'1'", "1"),
        ("!!str 1", "1"),
    ],
)
def test_scalars_mean_what_ocp_reads(written: str, value: Any) -> None:
    read_value = read(f"a: {written}").value["a"]
    assert (read_value, type(read_value)) == (value, type(value))


def test_a_number_of_nine_hundred_thousand_digits_costs_no_time() -> None:
    started = time.perf_counter()
    read(f"a: {'9' * 900_000}")
    assert time.perf_counter() - started < 5


def test_how_a_value_was_written_is_kept_where_it_is_no_string() -> None:
    document = read("version: 1.10\ndate: 2020-01-01\nname: x\n")
    assert document.written == {("version",): "1.10", ("date",): "2020-01-01"}


def test_every_key_is_a_string() -> None:
    assert read("on: 1\n2: b\nnull: c\n").value == {"on": 1, "2": "b", "null": "c"}


def test_a_duplicate_key_is_said_with_both_lines_and_the_first_counts() -> None:
    document = read("a: 1\nb: 2\na: {c: 3}\n")
    assert document.value == {"a": 1, "b": 2}
    assert rules(document) == ["3:1 YML-8"]
    assert "first set in line 1" in document.problems[0].message
    assert document.position(("a",)) == Position(1, 4)


def test_all_duplicate_keys_are_said() -> None:
    document = read("a: {x: 1, x: 2}\nb: 1\nb: 2\nb: 3\n")
    assert rules(document) == ["1:11 YML-8", "3:1 YML-8", "4:1 YML-8"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: &x 1\nb: *x\n", "1:4 YML-6"),
        ("a: {<<: {b: 1}}\n", "1:5 YML-6"),
        ("a: !!python/object:os.system {}\n", "1:4 YML-7"),
        ("a: !ruby x\n", "1:4 YML-7"),
        ("a: !!binary aGk=\n", "1:4 YML-7"),
        ("[a, b]: 1\n", "1:1 YML-9"),
        ("? {a: b}\n: 1\n", "1:3 YML-9"),
        ("a: 1\n---\nb: 2\n", "2:1 YML-10"),
        ("a: [1\nb: 2\n", "2:2 YML-3"),
        ("a: 'x\n", "2:1 YML-3"),
        ("a: b: c\n", "1:5 YML-3"),
        ("\ta: 1\n", "1:1 YML-3"),
        ("a:\n\t- 1\n", "2:1 YML-3"),
        ("cron: * * * ? * *\n", "1:8 YML-3"),
        ("a: @x\n", "1:4 YML-3"),
        ("a: %x\n", "1:4 YML-3"),
    ],
)
def test_what_is_not_allowed_is_said_at_its_place(text: str, rule: str) -> None:
    document = read(text)
    assert rules(document)[0] == rule
    assert not document.usable


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("cron: * * * ? * *\n", 'must be quoted, as in cron: "* * * ? * *"'),
        ("a:\n\t- 1\n", "Indent with spaces"),
        ("a: @x\n", "must be quoted"),
        ("a: b: c\n", 'quote text that contains ": "'),
    ],
)
def test_usual_mistakes_have_their_remedy(text: str, remedy: str) -> None:
    assert remedy in read(text).problems[0].hint


@pytest.mark.parametrize(
    "text",
    [
        "[" * 30_000,
        "{a: " * 30_000,
        "- " * 30_000,
        "a:\n" + "".join(f"{' ' * n}- a:\n" for n in range(1, 200)),
        "a: &a [x, x]\n" + "\n".join(f"b{n}: &b{n} [*a, *a]" for n in range(100)),
        "a: &a {b: *a}\n",
        "x: {" + ", ".join(f"<<: *a{n}" for n in range(1000)) + "}\n",
        "- [" + "1," * 150_000 + "1]\n",
        "a: " + "x" * 1_000_001,
        "? " * 10_000,
        "!<tag:a> " * 100,
        "a: |\n" + " x\n" * 400_000,
        "%YAML 9.9\n---\na: 1\n",
        '"' + "\\x41" * 1000,
        "key: [" + "'" * 50_000,
    ],
)
def test_hostile_files_are_refused_quickly(text: str) -> None:
    started = time.perf_counter()
    document = read(text)
    assert time.perf_counter() - started < 15
    assert document.problems
    assert not document.usable or "YML-8" in str(rules(document))
    assert all(problem.line >= 1 and problem.column >= 1 for problem in document.problems)


def test_fifty_levels_are_allowed_and_no_more() -> None:
    assert read("[" * 50 + "]" * 50).usable
    assert rules(read("[" * 51 + "]" * 51))[0].endswith("YML-4")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a: 1\nb: \xff\n", "2:4"),
        (b"a: \x00\n", "1:4"),
        (b"\x89PNG\r\n\x1a\n", "1:1"),
        ("a: 1\n".encode("utf-16"), "1:1"),
        (b"a: \x1b[2J\n", "1:4"),
    ],
)
def test_a_file_that_is_no_text_is_said_with_its_place(
    tmp_path: Path, content: bytes, place: str
) -> None:
    (tmp_path / "app.yml").write_bytes(content)
    document = read_yaml(tmp_path / "app.yml", file="app.yml")
    assert rules(document) == [f"{place} YML-1"]


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "app.yml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    document = read_yaml(tmp_path / "app.yml", file="app.yml")
    assert document.value == {"a": 1, "b": "x"}
    assert document.position(("b",)) == Position(2, 4)


def test_a_file_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    document = read_yaml(tmp_path / "app.yml", file="app.yml")
    assert rules(document) == ["1:1 YML-1"]
    assert "does not exist" in document.problems[0].message


def test_a_folder_in_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "app.yml").mkdir()
    assert rules(read_yaml(tmp_path / "app.yml", file="app.yml")) == ["1:1 YML-1"]


def test_of_a_file_too_large_only_its_beginning_is_read(tmp_path: Path) -> None:
    with (tmp_path / "app.yml").open("wb") as stream:
        stream.truncate(10**12)
    document = read_yaml(tmp_path / "app.yml", file="app.yml")
    assert rules(document) == ["1:1 YML-2"]
