"""A process with secrets in its memory leaves no core file, whatever it was allowed before."""

from __future__ import annotations

import resource
import subprocess
import sys

SCRIPT = """
import resource
from mooring.adapters.core_dumps import forbid_core_dumps
forbid_core_dumps()
forbid_core_dumps()
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_neither_it_nor_what_it_starts_may_dump_its_memory() -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout == "(0, 0)\n"
    assert resource.getrlimit(resource.RLIMIT_CORE) == before
