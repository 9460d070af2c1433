from __future__ import annotations

import pytest

from mooring.porting.manifest_text import ManifestText, class_name, for_python
from mooring.reading.yaml_reader import read_yaml


def edit(text: str) -> ManifestText:
    return for_python(text, read_yaml(text, file="app.yml"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("runtime: node22\n", "runtime: python3.11\n"),
        (
            "runtime:   'node18' # why\r\nmeta: {}\r\n",
            "runtime:   python3.11 # why\r\nmeta: {}\r\n",
        ),
        ('{runtime: "node22", meta: {}}', "{runtime: python3.11, meta: {}}"),
        ("meta: {}\nruntime:\n  node22-cms-ext", "meta: {}\nruntime:\n  python3.11"),
        ("a: 'x\u2028 y'\nruntime: node22\n", "a: 'x\u2028 y'\nruntime: python3.11\n"),
    ],
)
def test_the_runtime_changes_and_nothing_else(before: str, after: str) -> None:
    assert edit(before).text == after


def test_a_name_that_python_keeps_gets_a_line_below() -> None:
    edited = edit("runtime: node22\njobs:\n  a:\n    entry_point: class  # sic\n")
    assert "entry_point: Class_  # sic" in edited.text
    assert "app.yml:4: jobs.a.entry_point is Class_ instead of class" in edited.changes


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Hook", "Hook"),
        ("None", "None_"),
        ("sub/Hook", "Sub_Hook_"),
        ("1st", "A1st_"),
        ("..", "Unnamed_"),
    ],
)
def test_every_entry_point_has_a_class_name(written: str, name: str) -> None:
    assert class_name(written) == name
    assert class_name(name) == name


def test_what_the_host_refuses_becomes_a_comment_to_its_end() -> None:
    edited = edit(
        "runtime: node22\nchannel:\n  grouping:\n  - a\n\n  - b\n\n  # of the type\n  type: sms\n"
    )
    assert edited.text == (
        "runtime: python3.11\n"
        "channel:\n"
        "  # grouping:\n"
        "  # - a\n"
        "\n"
        "  # - b\n"
        "\n"
        "  # of the type\n"
        "  type: sms\n"
    )
    assert "app.yml:3: channel.grouping is commented out" in edited.changes


def test_what_stands_within_a_line_is_left_to_its_author() -> None:
    text = "runtime: node22\nmeta: {app_id: a, legal_url: x}\n"
    edited = edit(text)
    assert edited.text == text.replace("node22", "python3.11")
    (note,) = edited.notes
    assert note.subject == "meta.legal_url"
    assert "by hand" in note.message


def test_what_is_kept_but_never_called_is_said() -> None:
    edited = edit(
        "runtime: node22\nsources:\n  A: {schema: a}\n"
        "functions:\n  f:\n    entry_point: F\n    opal_tool: true\n"
    )
    assert [(note.subject, note.where) for note in edited.notes] == [
        ("sources", "app.yml:2"),
        ("functions.f.opal_tool", "app.yml:7"),
    ]
