"""An error names the last line of the app that it passed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring import loader
from mooring.model.app_frames import MOUNTED, place_in_app

BOOM = """import json


def boom():
    json.loads("{")
"""


@pytest.fixture
def package(tmp_path: Path) -> Iterator[str]:
    """Give the name under which an app's modules may be imported."""
    jobs = tmp_path / "src/jobs"
    jobs.mkdir(parents=True)
    (jobs / "boom.py").write_text(BOOM)
    (jobs / "__init__.py").write_text("def here():\n    raise ValueError\n")
    (tmp_path / "src/top.py").write_text("def here():\n    raise ValueError\n")
    package = loader.mount("framed", tmp_path)
    yield package
    loader.unmount(package)


@pytest.mark.parametrize(
    ("module", "function", "place"),
    [
        ("jobs.boom", "boom", "src/jobs/boom.py:5"),
        ("jobs", "here", "src/jobs/__init__.py:2"),
        ("top", "here", "src/top.py:2"),
    ],
)
def test_the_last_line_of_the_app_is_named(
    package: str, module: str, function: str, place: str
) -> None:
    found = importlib.import_module(f"{package}.{module}")
    with pytest.raises(ValueError) as raised:
        getattr(found, function)()
    assert place_in_app(raised.value) == place


def test_an_error_that_passed_no_app_has_no_place() -> None:
    with pytest.raises(KeyError) as raised:
        dict[str, str]()["nothing"]
    assert place_in_app(raised.value) == ""
    assert loader.NAMESPACE == MOUNTED
