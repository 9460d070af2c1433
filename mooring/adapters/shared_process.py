"""What may an app do to the process that it shares with others? Set timers, and fork.

Unless somebody listens, SIGALRM ends the process, with the calls of all other apps in it. A fork
has the listening sockets and locks of the host: it must not keep them from the next process.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from mooring.adapters.parent_process import ORPHANED, PR_SET_PDEATHSIG

TIMERS = (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF)


def share_process() -> None:
    """Let timers run out without effect, and forks end with this process; for the main thread."""
    for number in TIMERS:
        # A handler, not SIG_IGN: that would be inherited by the programs that an app starts.
        signal.signal(number, lambda *_: None)
    if sys.platform == "linux":
        forks = _Forks()
        os.register_at_fork(before=forks.note_origin, after_in_child=forks.end_with_origin)


class _Forks:
    """Ends each fork together with the process that it came from."""

    def __init__(self) -> None:
        self._system = ctypes.CDLL(None)
        self._origin = os.getpid()

    def note_origin(self) -> None:
        self._origin = os.getpid()

    def end_with_origin(self) -> None:
        self._system.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._origin:
            os._exit(ORPHANED)  # it ended before we could ask for this
