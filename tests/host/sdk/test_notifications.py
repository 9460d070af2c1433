"""What an app tells the people whose account it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import LoopBlocked, NoContext
from mooring.sdk import notifications
from mooring.sdk.context import use
from mooring.testing.memory import MemoryApp, Told
from mooring.testing.memory import memory_app as make_memory_app

LEVELS = ("info", "success", "warn", "error")


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_has_a_call_and_a_twin(memory_app: MemoryApp, level: str) -> None:
    getattr(notifications, level)("Import", "Done", "12 rows.", "a, b")
    asyncio.run(getattr(notifications, f"a{level}")("Import", "Again", "12 rows."))
    assert memory_app.notifications.entries == [
        Told(level, "Import", "Done", "12 rows.", "a, b"),  # type: ignore[arg-type]  # of LEVELS
        Told(level, "Import", "Again", "12 rows."),  # type: ignore[arg-type]  # of LEVELS
    ]


@pytest.mark.parametrize("blank", ["", " \n\t", None, 7])
@pytest.mark.parametrize("part", ["activity", "title", "summary"])
def test_an_entry_with_a_blank_part_is_dropped_and_logged(
    memory_app: MemoryApp, part: str, blank: Any
) -> None:
    notifications.warn(**{"activity": "a", "title": "t", "summary": "s", part: blank})
    assert memory_app.notifications.entries == []
    (line,) = memory_app.log.lines
    assert (line.level, line.event, line.fields["blank"]) == (
        "error",
        "notification.dropped",
        part,
    )


def test_a_global_function_has_nobody_to_tell(memory_app: MemoryApp) -> None:
    with (
        use(make_memory_app(install_id=0).invocation),
        pytest.raises(NoContext, match=r"notifications\.info belongs to an installation"),
    ):
        notifications.info("a", "t", "s")


@pytest.mark.parametrize("level", LEVELS)
def test_on_the_event_loop_the_twin_is_named(memory_app: MemoryApp, level: str) -> None:
    plain: Callable[..., None] = getattr(notifications, level)

    async def perform() -> None:
        plain("a", "t", "s")

    with pytest.raises(LoopBlocked, match=rf"await notifications\.a{level}\("):
        asyncio.run(perform())


def test_outside_of_a_call_the_remedy_is_named() -> None:
    with pytest.raises(NoContext, match="invocation"):
        notifications.info("a", "t", "s")
