"""A process that runs for long notices within a second what others do to the secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mooring.adapters.secrets.watch import LOOK_EVERY, watching
from mooring.errors import SecretStoreUnusable


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Mapping[str, Any]]] = []

    def log(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        self.lines.append((event, fields))


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_it_looks_at_once_and_again_and_again() -> None:
    looks: list[float] = []
    tidied: list[float] = []
    with watching(
        lambda: looks.append(time.monotonic()),
        tidy=lambda: tidied.append(time.monotonic()),
        log=Log,
        look_every=0.01,
        tidy_every=0.03,
    ):
        assert looks
        until(lambda: len(looks) > 6 and len(tidied) > 1)
    there = len(looks)
    time.sleep(0.05)
    assert len(looks) == there
    assert len(tidied) < there
    assert LOOK_EVERY < 1


def test_a_store_that_does_not_open_at_first_ends_it() -> None:
    def look() -> None:
        raise SecretStoreUnusable("locked")

    with pytest.raises(SecretStoreUnusable), watching(look, tidy=look, log=Log):
        raise AssertionError("not reached")


def test_trouble_later_is_told_once_and_does_not_end_it() -> None:
    log, looks = Log(), 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if 1 < looks < 6:
            raise SecretStoreUnusable("locked")

    with watching(look, tidy=lambda: None, log=lambda: log, look_every=0.005):
        until(lambda: looks > 8)
    assert [event for event, _ in log.lines] == ["secrets.unreadable"]
