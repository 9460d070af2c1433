"""Are the pages below docs/reference complete, and noticed when they are out of step?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.quality import CLAIM_RULES
from mooring.quality import RULES as QUALITY_RULES
from mooring.reading.json_schema import load_schema
from mooring.rules import RULES
from scripts import generate_docs

PAGES = {"app": "manifest.md", "form": "forms.md", "schema": "schema.md"}


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write all pages anew, elsewhere."""
    monkeypatch.setattr(generate_docs, "FOLDER", tmp_path)
    assert generate_docs.main([]) == 0
    return tmp_path


def properties(schema: Any) -> Iterator[tuple[str, str]]:
    """Walk the properties of a schema, wherever they stand, with their descriptions."""
    if isinstance(schema, dict):
        for name, each in schema.get("properties", {}).items():
            if isinstance(each, dict):
                yield name, each.get("description", "")
                yield from properties(each)
        for key, each in schema.items():
            if key not in ("if", "properties"):
                yield from properties(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from properties(each)


def test_pages_written_twice_are_the_same(pages: Path) -> None:
    first = {path.name: path.read_bytes() for path in pages.iterdir()}
    assert generate_docs.main([]) == 0
    assert {path.name: path.read_bytes() for path in pages.iterdir()} == first


def test_a_page_out_of_step_fails_and_is_named(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate_docs.main(["--check"]) == 0
    (pages / "quality.md").write_text("Old.\n")
    (pages / "forms.md").unlink()
    assert generate_docs.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "docs/reference/quality.md is out of step" in said
    assert "docs/reference/forms.md is out of step" in said
    assert (pages / "quality.md").read_text() == "Old.\n"


def test_every_rule_has_its_place(pages: Path) -> None:
    rules, quality = ((pages / name).read_text("utf-8") for name in ("rules.md", "quality.md"))
    for rule in RULES:
        assert f'<a id="{rule.id.lower()}"></a>' in rules
    for claim in CLAIM_RULES:
        assert f'<a id="{claim.id.lower()}"></a>' in quality
    for each in QUALITY_RULES:
        assert f'<a id="{each.id}"></a>' in quality
        assert each.reason in quality


@pytest.mark.parametrize("kind", PAGES)
def test_every_property_is_described(pages: Path, kind: str) -> None:
    page = (pages / PAGES[kind]).read_text("utf-8").replace("&lt;", "<")
    found = list(properties(load_schema(kind)))
    assert len(found) > 10
    missing = [name for name, said in found if f"`{name}` |" not in page or said not in page]
    assert missing == []


def test_every_link_within_a_page_leads_somewhere(pages: Path) -> None:
    for path in pages.iterdir():
        text = path.read_text("utf-8")
        anchors = re.findall(r'<a id="([^"]+)">', text)
        assert len(anchors) == len(set(anchors))
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(anchors)


def test_every_error_has_one_row_of_its_table(pages: Path) -> None:
    _, _, table = (pages / "errors.md").read_text().partition("| error |")
    rows = table.splitlines()[1:]
    assert len(rows) > 20
    assert [row for row in rows if not re.fullmatch(r"\|(.+\|){6}|\|(---\|){6}", row)] == []
