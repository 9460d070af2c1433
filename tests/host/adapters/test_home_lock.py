"""One process at a time, and a dead one is in nobody's way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from mooring.adapters.home_lock import Holder, HomeLock

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


def test_its_holder_is_known_until_it_lets_go_however_often_others_try(tmp_path: Path) -> None:
    lock, other = HomeLock(tmp_path / "lock", command="mooring serve"), HomeLock(tmp_path / "lock")
    assert lock.acquire()
    assert not other.acquire()
    assert not other.acquire()
    assert other.holder() == Holder(os.getpid(), "mooring serve")
    assert str(other.holder()) == f"`mooring serve` (process {os.getpid()})"
    lock.release()
    assert other.holder() is None


def test_what_a_dead_holder_or_nobody_has_said_counts_for_nothing(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path / "lock")
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    for text in ("", "{}", f'{{"pid": {dead.pid}, "command": "mooring serve"}}'):
        (tmp_path / "lock.holder").write_text(text)
        assert lock.holder() is None
