"""What apps told their people, read through the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.notification import Level
from tests.conftest import ROOT, Program
from tests.host.cli.conftest import APP


@pytest.fixture
def host(installed: Program, home: Path) -> Iterator[Host]:
    with Host.open(HostConfig(home=home, secrets="encrypted")) as host:
        yield host


def tell(host: Host, level: Level, title: str, summary: str = "Look.") -> None:
    host.notifications.add(host.installation(APP), level, "Import", title, summary, "a.csv")


def test_they_are_shown_newest_first_and_by_level(host: Host, installed: Program) -> None:
    for level, title in (("info", "one"), ("warn", "two"), ("error", "three")):
        tell(host, level, title)  # type: ignore[arg-type]  # each is a level
    shown = installed.ok("notifications", "--json").json
    assert [each["title"] for each in shown] == ["three", "two", "one"]
    assert set(shown[0]) == {
        *("id", "at", "level", "app_id", "account"),
        *("activity", "title", "summary", "details"),
    }
    warned = installed.ok("notifications", APP, "--level", "warn", "--json").json
    assert [each["title"] for each in warned] == ["three", "two"]
    latest = installed.ok("notifications", "--limit", "1", "--json").json
    assert [each["title"] for each in latest] == ["three"]


def test_long_texts_are_wrapped_below_a_line_to_find_them_by(
    host: Host, installed: Program
) -> None:
    tell(host, "warn", "3 rows refused", "word " * 60)
    lines = installed.ok("notifications", COLUMNS="60").out.splitlines()
    assert lines[0].split()[1:] == ["WARN", APP, "(account", "local)", "Import"]
    assert lines[1] == "  3 rows refused"
    assert lines[-1] == "  a.csv"
    assert max(map(len, lines[1:])) <= 60


def test_where_there_are_none_it_is_said_why(installed: Program) -> None:
    assert "No notifications yet" in installed.ok("notifications").out
    assert installed.ok("notifications", APP, "--json").json == []


def test_an_app_that_is_not_installed_is_answered_with_what_is(installed: Program) -> None:
    answer = installed("notifications", "shop")
    assert answer.status == 66
    assert APP in answer.err


def test_a_secret_that_became_one_later_is_masked_when_shown(
    host: Host, installed: Program
) -> None:
    tell(host, "info", "canary-token-77")
    host.secrets(host.installation(APP)).put("k", {"value": "canary-token-77"})
    assert "canary" not in installed.ok("notifications").out


def test_new_ones_are_followed(host: Host, installed: Program) -> None:
    tell(host, "info", "before")
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", "notifications", "--follow", "--json"],
        cwd=ROOT,
        env=installed.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["title"] == "before"
        tell(host, "info", "after")
        assert json.loads(following.stdout.readline())["title"] == "after"
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 130
