"""How does a child process end when the one that started it is gone, however that came about?"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1
ORPHANED = 75


def die_with_parent() -> None:
    """End this process at once when its parent does; standard input is the parent's pipe.

    Nothing is tidied up: the next process takes over as after a crash, which it can do at once,
    while a step that goes on here would hold the home's lock against it.
    """
    threading.Thread(target=_wait_for_the_end, name="parent", daemon=True).start()
    if sys.platform == "linux":
        # Also when a thread of the app keeps the interpreter from running the one above.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait_for_the_end() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(ORPHANED)
