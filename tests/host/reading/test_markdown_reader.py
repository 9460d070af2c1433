from __future__ import annotations

from pathlib import Path

import pytest

from mooring.reading.markdown_reader import MarkdownDocument, read_markdown


def read(folder: Path, text: str | bytes) -> MarkdownDocument:
    path = folder / "page.md"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_markdown(path, file="page.md")


def links(folder: Path, text: str) -> list[tuple[str, int, int]]:
    found = read(folder, text).links
    return [(link.target, link.position.line, link.position.column) for link in found]


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("# Set up", {"set-up"}),
        ("Set up\n======", {"set-up"}),
        ("## What's `app.yml`?", {"whats-appyml"}),
        ("# A\n# A\n# A", {"a", "a-1", "a-2"}),
        ("# *Very* [clear](x.md)", {"very-clear"}),
        ("# Über_uns", {"über_uns"}),
        ('<a name="top"></a>\n\ntext <span id=here>x</span>', {"top", "here"}),
        ("```\n# not a heading\n```", set()),
        ("text", set()),
    ],
)
def test_headings_are_addressed_as_github_does_it(
    tmp_path: Path, text: str, anchors: set[str]
) -> None:
    assert read(tmp_path, text).anchors == anchors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See [a](b.md).", [("b.md", 1, 9)]),
        ("one\n\nSee [a](b.md) and [a](b.md).", [("b.md", 3, 9), ("b.md", 3, 23)]),
        ("[a\nb](c.md)", [("c.md", 2, 4)]),
        ("![i](i.png)", [("i.png", 1, 6)]),
        ("[![i](i.png)](b.md)", [("b.md", 1, 15), ("i.png", 1, 1)]),
        ("[a][r]\n\n[r]: b.md\n", [("b.md", 3, 6)]),
        ("<https://a.example>", [("https://a.example", 1, 2)]),
        ("[a](<b c.md>)", [("b c.md", 1, 6)]),
        ("[a](b&amp;c.md)", [("b&c.md", 1, 1)]),
        ('<img src="i.png">', [("i.png", 1, 11)]),
        ("| a |\n|---|\n| [a](b.md) |", [("b.md", 3, 7)]),
        ("`[a](b.md)`", []),
    ],
)
def test_links_keep_their_place(
    tmp_path: Path, text: str, expected: list[tuple[str, int, int]]
) -> None:
    assert links(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [(b"# A\n\nx\xff", 3, 2), (b"\xfe", 1, 1), (b"x" * 300_000, 1, 1)],
)
def test_what_is_no_page_is_an_error_at_its_place(
    tmp_path: Path, content: bytes, line: int, column: int
) -> None:
    page = read(tmp_path, content)
    assert page.error
    assert (page.position.line, page.position.column) == (line, column)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert read_markdown(tmp_path / "no.md", file="no.md").error == "No such file or directory"
