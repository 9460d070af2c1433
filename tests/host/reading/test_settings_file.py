from __future__ import annotations

import copy
from pathlib import Path

import pytest

from mooring.errors import ConfigurationInvalid, SettingsRefused
from mooring.reading.settings_file import fill_from_environment, read_settings_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "connector.yml"


def read(file: Path, text: str, **environment: str) -> dict[str, object]:
    file.write_text(text, "utf-8")
    return read_settings_file(file, environment=environment).values


def test_variables_are_replaced_wherever_a_value_is_text(file: Path) -> None:
    text = "a: ${ONE}\nb: [x, 'y-${TWO}-${ONE}']\nc: {d: 5, e: true, '${ONE}': plain}\n"
    assert read(file, text, ONE="1", TWO="two") == {
        "a": "1",
        "b": ["x", "y-two-1"],
        "c": {"d": 5, "e": True, "${ONE}": "plain"},
    }


def test_what_a_variable_holds_is_text_and_not_looked_at_again(file: Path) -> None:
    assert read(file, "a: ${ONE}", ONE="${TWO}: [*x]") == {"a": "${TWO}: [*x]"}


@pytest.mark.parametrize("text", ["$ONE", "$(ONE)", "$$", "cost: 5$"])
def test_other_dollar_signs_stay(file: Path, text: str) -> None:
    assert read(file, f"a: '{text}'", ONE="1") == {"a": text}


def test_a_variable_that_is_not_set_is_named_with_its_key_and_line(file: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"a\.b\.1: .* MISSING is not set") as wrong:
        read(file, "a:\n  b:\n    - 1\n    - ${MISSING}\n")
    assert wrong.value.where == f"{file}:4:7"
    assert "export MISSING=" in wrong.value.hint


def test_a_variable_that_is_set_to_nothing_is_set(file: Path) -> None:
    assert read(file, "a: ${EMPTY}", EMPTY="") == {"a": ""}


@pytest.mark.parametrize("name", ["", "A B", "1A", "A-B", "ÄB"])
def test_what_names_no_variable_is_said(file: Path, name: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="does not name a variable"):
        read(file, f"a: ${{{name}}}")


def test_no_secret_of_the_environment_is_in_an_error(file: Path) -> None:
    with pytest.raises(ConfigurationInvalid) as wrong:
        read(file, "a: ${TOKEN}\nb: ${MISSING}\n", TOKEN="s3cret")
    assert "s3cret" not in str(wrong.value)


@pytest.mark.parametrize("text", ["", "[1]", "text"])
def test_a_file_that_is_no_mapping_is_said(file: Path, text: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="YAML mapping"):
        read(file, text)


def test_a_fault_of_the_file_is_said_with_its_line(file: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="not well-formed") as wrong:
        read(file, "a: 1\nb: [\n")
    assert wrong.value.where.startswith(f"{file}:3")


def test_a_duplicate_key_is_refused_since_one_value_would_be_lost(file: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="occurs twice"):
        read(file, "a: 1\na: 2\n")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="does not exist"):
        read_settings_file(tmp_path / "nowhere.yml", environment={})


def test_values_may_be_left_to_the_environment() -> None:
    document = {"connectors": {"optimizely": {"brevo": None}}, "flat": "text"}
    variables = {"connectors.tajo.key": "TAJO", "flat.key": "FLAT", "other": "UNSET"}
    fill_from_environment(document, variables, environment={"TAJO": "t", "FLAT": "f"})
    assert document == {
        "connectors": {"optimizely": {"brevo": None}, "tajo": {"key": "t"}},
        "flat": "text",
    }


def test_what_the_file_says_wins_over_the_environment() -> None:
    document = {"brevo": {"key": "of the file"}}
    fill_from_environment(document, {"brevo.key": "KEY"}, environment={"KEY": "other"})
    assert document == {"brevo": {"key": "of the file"}}


@pytest.mark.parametrize("empty", [{"brevo": None}, {"brevo": {"key": None}}])
def test_a_key_that_is_left_empty_is_filled(empty: dict[str, object]) -> None:
    fill_from_environment(empty, {"brevo.key": "KEY"}, environment={"KEY": "given"})
    assert empty == {"brevo": {"key": "given"}}


@pytest.mark.parametrize("other", [{}, {"connectors": {}}, {"connectors": {"optimizly": {}}}])
def test_a_block_that_the_file_does_not_have_is_not_made_up(other: dict[str, object]) -> None:
    before = copy.deepcopy(other)
    variables = {"connectors.optimizely.brevo.key": "KEY"}
    fill_from_environment(other, variables, environment={"KEY": "given"})
    assert other == before


@pytest.mark.parametrize(
    ("place", "line", "column"),
    [("a.wrong", 2, 3), ("a.list[1].key", 5, 7), ("a.list[1]", 5, 7), ("a.absent.b", 2, 3)],
)
def test_a_refusal_is_given_the_line_of_its_place(
    file: Path, place: str, line: int, column: int
) -> None:
    file.write_text("a:\n  wrong: 1\n  list:\n    - 1\n    - key: 2\n", "utf-8")
    refusal = SettingsRefused("No.", where=place, hint="Mend it.")
    placed = read_settings_file(file, environment={}).placed(refusal)
    assert str(placed) == f"{file}:{line}:{column}: {place}: No. Mend it."


def test_a_refusal_of_the_whole_file_stays_as_it_is(file: Path) -> None:
    file.write_text("a: 1\n", "utf-8")
    refusal = SettingsRefused("No.")
    assert read_settings_file(file, environment={}).placed(refusal) is refusal
