"""What ends a process that hangs in code which lets no other Python code run?

A timer outside of Python, which has to be put off again and again.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def last_resort(seconds: float) -> Iterator[Callable[[], None]]:
    """Give what puts the end of this process off for so many seconds, until the block ends."""
    with Path(os.devnull).open("wb") as nowhere:  # for the trace, which is nobody's business

        def put_off() -> None:
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)

        put_off()
        try:
            yield put_off
        finally:
            faulthandler.cancel_dump_traceback_later()
