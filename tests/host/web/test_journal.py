"""What the log and observers get to know of answers that did not wait for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import HomeUnusable
from mooring.hosting.host import Host
from mooring.web.directory import Target
from mooring.web.journal import Journal
from tests.host.apps import App
from tests.host.web.conftest import Site

OpenSite = Callable[..., Site]


@pytest.fixture
def target(app: App, site: OpenSite) -> Target:
    opened = site(app.function("echo", "return Response(200)"))
    entry = opened.host.definition(opened.installation).manifest.functions["echo"]
    return Target(opened.installation, entry, None)


def lines(host: Host, event: str) -> list[dict[str, Any]]:
    text = (host.home.logs / "mooring.jsonl").read_text()
    return [line for line in map(json.loads, text.splitlines()) if line["event"] == event]


def test_what_is_noted_is_written_at_the_latest_when_it_is_closed(
    host: Host, target: Target
) -> None:
    journal = Journal(host)
    for number in range(5000):
        journal.answered(target, 200 + number % 2, took=0.0123)
    journal.accepted(target, "d1", repeated=True)
    journal.close()
    written = lines(host, "function.answered")
    assert len(written) == 5000
    assert written[1].items() >= {"status": 201, "took_ms": 12.3, **target.log_fields}.items()
    (accepted,) = lines(host, "delivery.accepted")
    assert (accepted["delivery_id"], accepted["repeated"]) == ("d1", True)


def test_an_observer_that_fails_is_noted_and_keeps_nobody_from_the_others(
    host: Host, target: Target
) -> None:
    from mooring.hookspecs import hookimpl

    class Failing:
        @hookimpl
        def mooring_function_handled(self, app: str, name: str, outcome: dict[str, Any]) -> None:
            raise ValueError(outcome["status"])

    host.plugins.register(Failing())
    journal = Journal(host)
    journal.answered(target, 200, took=0.1)
    journal.answered(target, 503, took=0.1)
    journal.close()
    assert [line["status"] for line in lines(host, "observer.failed")] == [200, 503]


def test_a_log_that_cannot_be_written_is_told_on_stderr(
    host: Host,
    target: Target,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(entries: object) -> None:
        raise HomeUnusable("The disk is full.")

    journal = Journal(host)
    monkeypatch.setattr(host.log, "log_all", full)
    journal.answered(target, 200, took=0.1)
    journal.close()
    assert "1 lines of the log are lost: The disk is full." in capsys.readouterr().err
