"""What do tests of commands start from? A scaffolded app, installed in a home of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Program

APP = "greeter"


@pytest.fixture
def app(cli: Program, tmp_path: Path) -> Path:
    """Give the folder of a scaffolded app."""
    folder = tmp_path / APP
    cli.ok("init", str(folder))
    return folder


@pytest.fixture
def installed(cli: Program, app: Path) -> Program:
    """Give the program with the app installed."""
    cli.ok("install", str(app))
    return cli
