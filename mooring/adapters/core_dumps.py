"""May the system write this process's memory, with every secret in it, to a file? It may not."""

from __future__ import annotations

import sys


def forbid_core_dumps() -> None:
    """Let this process, and those that it starts, leave no core file when it crashes."""
    if sys.platform == "win32":
        return
    import resource

    # The hard limit too: nothing that an app loads can raise it again.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
