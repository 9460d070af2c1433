"""An app that keeps to every rule of quality, and the changed ones of the cases."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.quality import Level, Report, check_app
from tests.host.quality.cases import Case

Build = Callable[..., Path]
GOOD = Case("")


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Give `build(case)`, the changed app, and `build()`, the good one."""

    def make(case: Case = GOOD) -> Path:
        root = tmp_path / "app"
        for name, text in case.contents().items():
            if text is not None:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, "utf-8")
        if case.git:
            for arguments in (["init", "-q"], ["add", "--all", "--force"]):
                subprocess.run(["git", "-C", root, *arguments], check=True)  # noqa: S607  # any git
        return root

    return make


def at_gold(root: Path) -> Report:
    """Hold an app to the highest level."""
    return check_app(root, level=Level.GOLD)


def places(report: Report, rule: str) -> list[str]:
    """Return the places that break a rule."""
    return [problem.place for problem in report.problems if problem.rule == rule]
