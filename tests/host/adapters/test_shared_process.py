"""Timers and forks in a process of several apps."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

SET = (
    "import signal, time; {listen}; signal.setitimer(signal.{timer}, 0.01); {wait}; print('alive')"
)
SPIN = "end = time.process_time() + 0.1\nwhile time.process_time() < end: pass\n"
LISTEN = "from mooring.adapters.shared_process import share_process; share_process()"


@pytest.mark.parametrize("timer", ["ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"])
def test_a_timer_ends_nothing(timer: str) -> None:
    program = SET.format(listen=LISTEN, timer=timer, wait="time.sleep(0.05)")
    spinning = program.replace("; print", f"\n{SPIN}print")
    done = subprocess.run(
        [sys.executable, "-c", spinning], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "alive\n")


def test_programs_that_an_app_starts_have_their_own_alarms() -> None:
    child = "import signal; print(signal.getsignal(signal.SIGALRM) is signal.SIG_DFL)"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    done = subprocess.run(
        [sys.executable, "-c", f"{LISTEN}; {start}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_a_fork_ends_with_the_process() -> None:
    fork = "import os, time; child = os.fork(); child and print(child, flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{LISTEN}; {fork}; time.sleep(60)"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 10
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Say whether there is such a process that has not ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
