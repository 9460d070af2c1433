"""A process that hangs in code which lets nothing else run comes to an end."""

from __future__ import annotations

import subprocess
import sys
import time

HANGING = """
import re, sys
from mooring.adapters.last_resort import last_resort

with last_resort({seconds}) as put_off:
    put_off()
    print("begun", flush=True)
    {work}
print("ended", flush=True)
"""
# In one call of C code, which holds Python's lock for hours.
HANGS = 're.match("(a+)+$", "a" * 60 + "b")'


def run(*, seconds: float, work: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HANGING.format(seconds=seconds, work=work)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_process_that_hangs_ends_without_a_word() -> None:
    done = run(seconds=1, work=HANGS)
    assert (done.returncode, done.stdout, done.stderr) == (1, "begun\n", "")


def test_a_process_that_gets_on_does_not() -> None:
    done = run(seconds=30, work="pass")
    assert (done.returncode, done.stdout) == (0, "begun\nended\n")


def test_after_the_block_nothing_ends_the_process() -> None:
    began = time.monotonic()
    done = run(seconds=1, work="pass\nimport time; time.sleep(1.5)")
    assert done.returncode == 0
    assert time.monotonic() - began > 1.5
