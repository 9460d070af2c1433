"""Apps laid out as the public ones for OCP validate as those do, with a notice about Node."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.reading.app_reader import read_app
from mooring.rules import validate_app
from tests.host.rules.layouts.large import LARGE
from tests.host.rules.layouts.layout import Layout
from tests.host.rules.layouts.small import SMALL

LAYOUTS = (*LARGE, *SMALL)


def write(root: Path, layout: Layout) -> None:
    for name, text in layout.texts().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("ocp", [False, True])
def test_a_public_layout_validates_as_on_ocp(tmp_path: Path, layout: Layout, ocp: bool) -> None:
    write(tmp_path, layout)
    problems = validate_app(tmp_path, ocp=ocp)
    assert sorted(p.rule for p in problems) == sorted([*layout.notice, *layout.expected]), problems


@pytest.mark.parametrize(
    "layout", [one for one in LAYOUTS if not one.expected], ids=lambda layout: layout.name
)
def test_a_public_layout_is_read_and_known_not_to_run_here(tmp_path: Path, layout: Layout) -> None:
    write(tmp_path, layout)
    definition = read_app(tmp_path)
    assert not definition.manifest.runs_here
    assert definition.settings_form.sections
