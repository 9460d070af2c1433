"""What becomes of a hook that finds credentials rejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mooring.engine.lifecycle_calls import ENTERING, call_hook
from mooring.errors import CredentialsRejected, NotFound
from mooring.testing.memory import MemoryApp


def rejected() -> None:
    raise CredentialsRejected("No.")


def gone() -> None:
    raise NotFound("Gone.")


def answering(hook: str, answer: Callable[[], None]) -> type[object]:
    """Make a Lifecycle with one hook."""
    return type("Answers", (), {hook: lambda _: answer()})


def heard_of(hook: str, app: MemoryApp) -> list[str]:
    heard: list[str] = []
    invocation = replace(app.invocation, on_rejected=lambda error: heard.append(error.message))
    with pytest.raises(CredentialsRejected):
        call_hook(answering(hook, rejected), hook, invocation=invocation)
    return heard


@pytest.mark.parametrize("hook", ["on_upgrade", "can_uninstall", "on_uninstall"])
def test_stored_credentials_that_are_rejected_are_told(memory_app: MemoryApp, hook: str) -> None:
    assert heard_of(hook, memory_app) == ["No."]


@pytest.mark.parametrize("hook", sorted(ENTERING))
def test_what_is_being_entered_is_judged_by_the_desk_alone(
    memory_app: MemoryApp, hook: str
) -> None:
    assert heard_of(hook, memory_app) == []


def test_another_error_is_no_rejection(memory_app: MemoryApp) -> None:
    heard: list[CredentialsRejected] = []
    invocation = replace(memory_app.invocation, on_rejected=heard.append)
    with pytest.raises(NotFound):
        call_hook(answering("on_uninstall", gone), "on_uninstall", invocation=invocation)
    assert heard == []
