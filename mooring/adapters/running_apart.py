"""How is code called that its caller may leave before it returns? In a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Left(Exception):
    """The caller did not wait for the end; the thread goes on by itself."""


def run_apart(work: Callable[[], T], *, name: str, over: threading.Event) -> T:
    """Return what ``work`` returns, or raise what it raises. Raises Left when ``over`` is set."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            errors.append(error)
        finally:
            over.set()

    threading.Thread(target=run, name=name, daemon=True).start()
    over.wait()
    if errors:
        raise errors[0]
    if not results:
        raise Left
    return results[0]
