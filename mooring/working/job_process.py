"""Who keeps a job process running? Whoever started it, for as long as that lives itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from mooring.sdk.ports import LogPort
from mooring.working.loop import CONCURRENCY, STEP_MAY_TAKE


class JobProcess:
    """``python -m mooring worker`` as a child: started again when it dies, gone when we are."""

    FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
    HEALTHY_AFTER = 1.0  # seconds at work; a child that had so many is no reason to hesitate

    def __init__(
        self,
        home: Path,
        *,
        log: LogPort,
        concurrency: int = CONCURRENCY,
        environment: Mapping[str, str] | None = None,
        safe_mode: bool = False,
    ) -> None:
        self._environment = environment  # None: our own
        self._command = [
            *(sys.executable, "-m", "mooring", "worker", "--home", str(home)),
            *("--concurrency", str(concurrency), "--under-serve"),
            *(("--safe-mode",) if safe_mode else ()),
        ]
        self._log = log
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, name="job-process", daemon=True)

    @property
    def pid(self) -> int | None:
        """The child's process id, while one runs."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def start(self) -> None:
        """Start the child and keep one running until ``stop``."""
        self._thread.start()

    def stop(self, *, timeout: float = STEP_MAY_TAKE + 5) -> None:
        """End the child after its present steps, or kill it after ``timeout`` seconds."""
        self._stopping.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
            try:
                child.wait(timeout)
            except subprocess.TimeoutExpired:
                child.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _supervise(self) -> None:
        pause = self.FIRST_PAUSE
        while not self._stopping.is_set():
            status, seconds = self._run_once()
            if self._stopping.is_set():
                return
            if seconds > self.HEALTHY_AFTER:
                pause = self.FIRST_PAUSE
            fields = {"exit_status": status, "again_in_seconds": pause}
            self._log.log("error", "job.process.died", fields)
            self._stopping.wait(pause)
            pause = min(pause * 2, self.LONGEST_PAUSE)

    def _run_once(self) -> tuple[int, float]:
        """Run one child to its end; return its exit status and for how long it was at work.

        It is at work when it has said so. Its standard input stays open for as long as we live.
        """
        hears, says = os.pipe()
        with subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=says,
        ) as child:
            os.close(says)
            self._child = child
            if self._stopping.is_set():
                child.terminate()
            is_ready = bool(os.read(hears, 1))
            os.close(hears)
            began = time.monotonic()
            status = child.wait()
            return status, time.monotonic() - began if is_ready else 0.0
