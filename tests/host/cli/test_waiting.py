"""A run that is waited for is executed here; one that is not is not left without a word."""

from __future__ import annotations

from typing import Any

import click
import pytest

from mooring.cli.main import program
from mooring.cli.waiting import say_if_nothing_executes
from mooring.hosting.host import Host


@pytest.mark.parametrize(("has_worker", "is_said"), [(False, True), (True, False)])
def test_who_does_not_wait_is_told_when_nothing_executes(
    host: Host,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    has_worker: bool,
    is_said: bool,
) -> None:
    jobs: Any = type(host.jobs)
    monkeypatch.setattr(jobs, "has_worker", has_worker)
    say_if_nothing_executes(click.Context(program, obj={}), host)
    said = capsys.readouterr()
    assert ("Nothing executes it now" in said.err, said.out) == (is_said, "")
