"""Where does it go when an app prints? Line by line into the log and, secrets hidden, to stderr.

Stdout belongs to the answer of a command, which the main thread gives and which passes as it is.
What else is printed, by whomever, has its secrets hidden: the last words of a thread, for example.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

from mooring.sdk.context import Invocation, present
from mooring.sdk.ports import LogPort


@contextmanager
def app_output(log: Callable[[], LogPort], *, hide: Callable[[str], str]) -> Iterator[None]:
    """Sort what is printed meanwhile; ``log`` is asked for the log when an app prints."""
    out, err = (
        cast(TextIO, _Sorted(own, shown=sys.stderr, log=log, hide=hide))
        for own in (sys.stdout, sys.stderr)
    )
    with redirect_stdout(out), redirect_stderr(err):
        yield


def hide_to_the_end(hide: Callable[[str], str]) -> None:
    """Hide secrets in what this process still says when its command is over, on its way out."""
    sys.stderr = cast(TextIO, _Hidden(sys.stderr, hide))


class _Hidden:
    """A stream whose secrets are hidden."""

    def __init__(self, own: TextIO, hide: Callable[[str], str]) -> None:
        self._own = own
        self._hide = hide

    def write(self, text: str) -> int:
        """Write a text."""
        self._own.write(self._hide(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


class _Sorted:
    """A stream for everybody in the process; which call into an app prints, its context says."""

    def __init__(
        self,
        own: TextIO,
        *,
        shown: TextIO,
        log: Callable[[], LogPort],
        hide: Callable[[str], str],
    ) -> None:
        self._own = own
        self._shown = shown
        self._log = log
        self._hide = hide
        self._begun = threading.local()

    def write(self, text: str) -> int:
        """Write a text, which need not be a whole line."""
        invocation = present()
        if invocation is None:
            self._own.write(text if self._is_answer() else self._hide(text))
            return len(text)
        begun = self._begun
        if getattr(begun, "by", invocation) is not invocation:
            # What the call before left without an end is not this one's.
            self._end_line()
        *lines, begun.text = (getattr(begun, "text", "") + text).split("\n")
        begun.by = invocation
        for line in lines:
            self._tell(line, invocation)
        return len(text)

    def flush(self) -> None:
        """Write what waits for the end of its line."""
        self._end_line()
        self._own.flush()

    def close(self) -> None:
        """Stay open: whoever closes it is not the only one who prints."""
        self.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def _is_answer(self) -> bool:
        is_main = threading.current_thread() is threading.main_thread()
        return is_main and self._own is not self._shown

    def _end_line(self) -> None:
        text, self._begun.text = getattr(self._begun, "text", ""), ""
        if text:
            self._tell(text, self._begun.by)

    def _tell(self, line: str, invocation: Invocation) -> None:
        self._shown.write(f"{self._hide(line)}\n")
        self._log().log("info", "app.printed", {**invocation.log_fields, "text": line})
