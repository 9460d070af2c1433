"""What did workers really do? A job that writes each step outside of the host, and a judge of it.

Every line is appended and synced by itself, so that it is there whatever becomes of its process.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mooring.model.run import Run, RunStatus
from tests.host.apps import App

STEPS = '''
"""Take steps, and note each in a file of the run before and after it."""

import json
import os
import time
import uuid
from pathlib import Path

from mooring.sdk import Job, JobStatus


class Steps(Job):
    """Each object is one taking of the run by a worker."""

    def prepare(self, params, status=None, resuming=False):
        self.taking = uuid.uuid4().hex
        return status or JobStatus({"step": 0})

    def perform(self, status):
        params, step = self.invocation.parameters, status.state["step"] + 1
        self.note("begin", step)
        time.sleep(params["seconds"])
        self.note("end", step)
        return JobStatus({"step": step}, complete=step == params["steps"])

    def note(self, what, step):
        run_id = self.invocation.job_id
        line = {"what": what, "step": step, "taking": self.taking, "pid": os.getpid()}
        path = Path(self.invocation.parameters["ledger"]) / run_id
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, json.dumps(line).encode() + b"\\n")
        os.fsync(file)
        os.close(file)
'''


@dataclass(frozen=True, slots=True)
class Line:
    """A worker is about to take a step, or has taken it and not yet committed."""

    what: str
    step: int
    taking: str
    pid: int


@dataclass(frozen=True, slots=True)
class Seen:
    """How many steps the database called committed, before so many lines of a run were there."""

    lines: int
    committed: int


@dataclass
class Ledger:
    """What is noted of every run of the job."""

    folder: Path
    seen: dict[str, list[Seen]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()

    def write_app(self, folder: Path, **declared: Any) -> Path:
        """Write an app with the job `steps`."""
        app = App(folder).function("hello", "return Response(200)")
        entry = {"entry_point": "Steps", "description": "Takes steps.", "overlap": "allow"}
        app.jobs["steps"] = {**entry, **declared}
        root = app.finish()
        app.write("src/jobs/steps.py", STEPS)
        return root

    def parameters(self, *, steps: int, seconds: float) -> dict[str, Any]:
        """Say how many steps a run takes, and how long one of them."""
        return {"steps": steps, "seconds": seconds, "ledger": str(self.folder)}

    def look(self, run: Run) -> None:
        """Note how far a run is, as read just now: whatever it begins after this comes after that.

        A worker that is killed between a commit and its next step leaves no line of the commit.
        """
        seen = Seen(lines=len(self.of(run.run_id)), committed=run.steps)
        self.seen.setdefault(run.run_id, []).append(seen)

    def of(self, run_id: str) -> list[Line]:
        """Return what is noted of a run, in order."""
        path = self.folder / run_id
        lines = path.read_text().splitlines() if path.exists() else []
        return [Line(**json.loads(line)) for line in lines]


def faults(run: Run, lines: Sequence[Line], *, steps: int, seen: Iterable[Seen] = ()) -> list[str]:
    """Say in which ways a run was not carried out once, whole and by one worker at a time."""
    return [
        f"{run.run_id}: {said}"
        for said in (
            *_of_row(run, steps),
            *_of_steps(lines, steps),
            *_of_commits(lines, seen),
            *_of_workers(lines),
        )
    ]


def _of_row(run: Run, steps: int) -> Iterable[str]:
    if run.status is not RunStatus.COMPLETE:
        yield f"is {run.status.value}: {run.error}"
    if run.steps != steps:
        yield f"committed {run.steps} steps of {steps}"


def _of_steps(lines: Sequence[Line], steps: int) -> Iterable[str]:
    ended = {line.step for line in lines if line.what == "end"}
    if missing := set(range(1, steps + 1)) - ended:
        yield f"never ended the steps {sorted(missing)}"
    begun = [line.step for line in lines if line.what == "begin"]
    for before, after in itertools.pairwise(begun):
        # Who begins a step was given the state of the one before it, which is committed therefore.
        if after < before:
            yield f"took step {after} again, which was committed"
        if after > before + 1:
            yield f"went from step {before} to step {after}"


def _of_commits(lines: Sequence[Line], seen: Iterable[Seen]) -> Iterable[str]:
    for look in seen:
        for line in lines[look.lines :]:
            if line.what == "begin" and line.step <= look.committed:
                yield f"took step {line.step} again when {look.committed} steps were committed"


def _of_workers(lines: Sequence[Line]) -> Iterable[str]:
    """Two workers are at a run when one goes on that another one took the run from."""
    takings = [taking for taking, _ in itertools.groupby(lines, key=lambda line: line.taking)]
    if len(takings) != len(set(takings)):
        yield "was in the hands of two workers at once"
