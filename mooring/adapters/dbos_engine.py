"""What keeps a submitted run going across crashes? DBOS Transact, behind ``JobEngine``.

One generic workflow of one step drives a whole run; its id is the run, its epoch and the executor,
so that a submission made twice is one, and one that hangs keeps no other executor from the run.
Where a run stands is told by the host's own rows alone: what this
engine recovers after a crash is fenced by the epoch like any other taker. The engine keeps its
records apart from the host's (a file of its own, or a schema of its own in PostgreSQL).

DBOS is imported by ``launch``, for that takes most of a second.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event, make_url

from mooring.engine.job_engine import Unfinished, identity_of

if TYPE_CHECKING:
    import sqlite3

    from dbos import DBOS, DBOSConfig, WorkflowStatus

# Pinned: an upgraded host goes on with what an older one left behind.
APPLICATION = "mooring"
APPLICATION_VERSION = "1"
SCHEMA = "mooring_engine"
KEPT = (
    (["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], timedelta(days=1)),
    # Of an executor that never came back; its runs were submitted anew, under their next epoch.
    (["PENDING", "ENQUEUED"], timedelta(days=30)),
)
SWEPT_AT_ONCE = 500
LISTED_AT_ONCE = 1000
RECORDED_WITHIN = 1.0  # seconds; how long the end of a run may take to be written down
BUSY_SECONDS = 30.0
LOOK_EVERY = 0.02


class DbosEngine:
    """The engine of one process (DBOS allows one); ``executor`` survives its restarts.

    ``execute`` is called with a run's id and the epoch it was submitted with, in a thread of the
    engine's. When it raises, the same submission can be made again. ``on_end`` is called when a run
    is in hand no more.
    """

    def __init__(
        self,
        execute: Callable[[str, int], object],
        *,
        executor: str,
        file: Path | None = None,
        database_url: str | None = None,
        on_end: Callable[[], object] = lambda: None,
    ) -> None:
        assert (file is None) != (database_url is None), "one place for the records"
        self._execute = execute
        self._executor = executor
        self._file = file
        self._url = database_url
        self._on_end = on_end
        self._engine: Engine | None = None
        self._dbos: type[DBOS] | None = None
        self._workflow: Callable[[str, int], None] | None = None
        self._in_hand: set[str] = set()
        self._out_of_hand: dict[str, float] = {}  # since when, though it is said to be
        self._guard = threading.Lock()

    def launch(self) -> None:
        """Start, and recover what an earlier process of this executor left unfinished."""
        _quieten()
        from dbos import DBOS

        instance = DBOS(config=self._config())
        self._workflow = self._registered(DBOS)
        DBOS.launch()
        # It would block its callers for up to a minute after an outage; the host asks again itself.
        instance._sys_db._retry_connection_errors = False
        self._dbos = DBOS
        self.sweep()

    def submit(self, run_id: str, *, epoch: int) -> None:
        """Hand over a run; submitting the same run and epoch twice is one submission.

        What another executor has submitted is executed here, too: whoever takes the run has it.
        One that failed, or that this process does not have in hand although it is said to, is made
        again.
        """
        identity = identity_of(run_id, epoch, self._executor)
        dbos = self._launched()
        if not self._start(dbos, identity, run_id, epoch) and self._may_go_again(dbos, identity):
            self._start(dbos, identity, run_id, epoch)

    def unfinished(self) -> list[Unfinished]:
        """Return what the records call unfinished, of every executor, oldest first."""
        found = self._launched().list_workflows(
            status=["PENDING", "ENQUEUED"],
            limit=LISTED_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        return [
            Unfinished(run_id, int(epoch), str(workflow.executor_id))
            for workflow in found
            for run_id, epoch in [workflow.workflow_id.split(":", 2)[:2]]
        ]

    def forget(self, left: Sequence[Unfinished]) -> None:
        """Forget what will never be finished; what this process has in hand stays."""
        with self._guard:
            found = [i for each in left if (i := each.identity) not in self._in_hand]
        if found:
            self._launched().delete_workflows(found)

    def busy(self) -> int:
        """Return how many runs are in hand."""
        with self._guard:
            return len(self._in_hand)

    def sweep(self) -> int:
        """Forget what ended a day ago, and what a dead executor left; return how many."""
        dbos = self._launched()
        return sum(self._forget(dbos, states, kept) for states, kept in KEPT)

    @staticmethod
    def _forget(dbos: type[DBOS], states: list[str], kept: timedelta) -> int:
        old = dbos.list_workflows(
            status=states,
            end_time=(datetime.now(UTC) - kept).isoformat(),
            limit=SWEPT_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if old:
            dbos.delete_workflows([workflow.workflow_id for workflow in old])
        return len(old)

    def shutdown(self, *, timeout: float) -> None:
        """Stop taking work and wait for what is in hand, at most ``timeout`` seconds."""
        if self._dbos is None:
            return
        deadline = time.monotonic() + timeout
        while self.busy() and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
        self._dbos.destroy(destroy_registry=True)
        self._dbos = None
        if self._engine is not None:
            self._engine.dispose()

    def _start(self, dbos: type[DBOS], identity: str, run_id: str, epoch: int) -> bool:
        """Start the workflow; False when one of this identity exists already."""
        from dbos import SetWorkflowID
        from dbos._core import WorkflowHandlePolling  # what a start answers that starts nothing

        assert self._workflow is not None, "launch() registers it"
        with self._guard:
            if identity in self._in_hand:
                return True
            self._in_hand.add(identity)
        started = False
        try:
            with SetWorkflowID(identity):
                handle = dbos.start_workflow(self._workflow, run_id, epoch)
            started = not isinstance(handle, WorkflowHandlePolling)
        finally:
            if not started:
                self._let_go(identity)
        return started

    def _may_go_again(self, dbos: type[DBOS], identity: str) -> bool:
        """Forget a submission that came to nothing, and say that it did."""
        with self._guard:
            if identity in self._in_hand:
                return False
        found = dbos.get_workflow_status(identity)
        if found is None:
            return True
        is_unfinished = found.status in ("PENDING", "ENQUEUED")
        if found.status == "SUCCESS" or (is_unfinished and not self._came_to_nothing(found)):
            return False
        dbos.delete_workflow(identity)
        return True

    def _came_to_nothing(self, found: WorkflowStatus) -> bool:
        """Say whether a submission was out of hand a while ago, and its end not recorded."""
        first = self._out_of_hand.setdefault(found.workflow_id, time.monotonic())
        if time.monotonic() - first < RECORDED_WITHIN:
            return False
        del self._out_of_hand[found.workflow_id]
        return True

    def _registered(self, dbos: type[DBOS]) -> Callable[[str, int], None]:
        @dbos.step(name="drive")
        def drive(run_id: str, epoch: int) -> None:
            self._execute(run_id, epoch)

        @dbos.workflow(name="run", max_recovery_attempts=None)
        def run(run_id: str, epoch: int) -> None:
            with self._holding(identity_of(run_id, epoch, self._executor)):
                drive(run_id, epoch)

        return run

    @contextmanager
    def _holding(self, identity: str) -> Iterator[None]:
        with self._guard:
            self._in_hand.add(identity)
        try:
            yield
        finally:
            self._let_go(identity)

    def _let_go(self, identity: str) -> None:
        with self._guard:
            self._in_hand.discard(identity)
        self._on_end()

    def _config(self) -> DBOSConfig:
        from dbos import DBOSPortableJSONSerializer

        config: DBOSConfig = {
            "name": APPLICATION,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._executor,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "CRITICAL",  # whatever fails comes back to us, and is told once
            "use_listen_notify": False,
            "scheduler_polling_interval_sec": 3600.0,  # its scheduler has nothing to do
        }
        if self._file is not None:
            self._engine = _sqlite(self._file)
            return {**config, "system_database_engine": self._engine}
        url = make_url(self._url or "").set(drivername="postgresql")
        address = url.render_as_string(hide_password=False)
        return {
            **config,
            "system_database_url": address,
            "dbos_system_schema": SCHEMA,
            "sys_db_pool_size": 5,
        }

    def _launched(self) -> type[DBOS]:
        assert self._dbos is not None, "launch() comes first"
        return self._dbos


def _quieten() -> None:
    """Let what DBOS logs go where the host's log goes, not to the terminal."""
    logger: Any = logging.getLogger("dbos")
    if not logger.handlers:
        # It adds its own console handler only to a logger that has none.
        logger.addHandler(logging.NullHandler())


def _sqlite(file: Path) -> Engine:
    """Open the engine's file as DBOS would (immediate transactions), and in WAL mode.

    ``synchronous`` is NORMAL: what a power cut takes from here, the host's rows still know.
    """
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        connect_args={"isolation_level": "IMMEDIATE", "timeout": BUSY_SECONDS},
        pool_timeout=60.0,
    )

    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}")

    event.listen(engine, "connect", prepare)
    return engine
