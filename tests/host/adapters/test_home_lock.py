"""One process at a time, and a dead one is in nobody's way."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from mooring.adapters.home_lock import HomeLock

HOLD = """
import sys, time
from pathlib import Path
from mooring.adapters.home_lock import HomeLock
lock = HomeLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
time.sleep(60)
"""


def test_only_one_holds_it(tmp_path: Path) -> None:
    first, second = HomeLock(tmp_path / "lock"), HomeLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_its_holder_may_ask_again_and_anybody_may_release_what_is_free(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path / "lock")
    lock.release()
    assert lock.acquire()
    assert lock.acquire()
    lock.release()
    other = HomeLock(tmp_path / "lock")
    assert other.acquire()
    other.release()


def test_another_thread_of_the_holder_may_release_it(tmp_path: Path) -> None:
    lock, other = HomeLock(tmp_path / "lock"), HomeLock(tmp_path / "lock")
    assert lock.acquire()
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()
    assert other.acquire()
    other.release()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path / "lock")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        while_alive = lock.acquire()
        holder.kill()
        holder.wait()
        assert (while_alive, lock.acquire()) == (False, True)
    lock.release()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path / "lock")
    lock.acquire()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    lock.release()
