"""What do tests of porting start from? Small OCP apps, copied so that tests may change them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

APPS = Path(__file__).parent / "apps"


@pytest.fixture
def newsletter(tmp_path: Path) -> Path:
    """Give an OCP app with functions, a job, schema and environment."""
    return Path(shutil.copytree(APPS / "newsletter", tmp_path / "newsletter"))
