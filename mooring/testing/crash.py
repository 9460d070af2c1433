"""Does a job end the same wherever its process dies? It is run again and again, and cut off.

Once undisturbed; then, each time in a new world, with one cut before each of its effects (see
``fuse``) and a new process that goes on from what was committed; and once with a cut at every place
in one run. All of them have to leave what the undisturbed run left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mooring.model.manifest import RetryPolicy
from mooring.testing.differences import differences
from mooring.testing.driven_runs import MemoryRun, MemoryWorker
from mooring.testing.fuse import Fuse, FusedRun, PowerCut, fused
from mooring.testing.outcomes import World, Worlds
from mooring.testing.run_job import MOST_STEPS, RUN_ID

MOST_CUTS = 20_000  # in one run; more than that, and it does not get on
DIFFERENCES_SHOWN, PLACES_SHOWN = 5, 10
EVERYWHERE = "at every place in one run"


@dataclass(frozen=True, slots=True)
class Crashes:
    """What was tried: the places there are, how many were cut alone, the cuts of the one run."""

    places: tuple[str, ...]
    alone: int
    together: int


def crash_everywhere(
    job: type[Any],
    world: Worlds,
    *,
    parameters: Mapping[str, Any] | None = None,
    retry: RetryPolicy | None = None,
    ignoring: Collection[str] = (),
    most: int | None = None,
) -> Crashes:
    """Crash a job at every place. Raises AssertionError naming where it ends differently, and how.

    ``world`` is a new one for each run: ``in_memory(…)`` makes such. Fields named in ``ignoring``
    are not compared, at any depth. With ``most``, so many places are cut one by one, spread evenly
    over the run, the first and the last among them; the run that is cut everywhere has all of them.
    """
    suite = _Suite(job, world, parameters or {}, retry or RetryPolicy())
    places, expected = suite.undisturbed()
    wrong: dict[str, list[str]] = {}
    chosen = _spread(len(places), most)
    for left in chosen:
        place, found = suite.cut_after(left)
        if differs := list(differences(expected, found, ignoring=ignoring)):
            wrong[place] = differs
    together, found = suite.cut_everywhere()
    if differs := list(differences(expected, found, ignoring=ignoring)):
        wrong[EVERYWHERE] = differs
    if wrong:
        raise AssertionError(_said(job.__name__, wrong, tried=len(chosen) + 1))
    return Crashes(tuple(places), len(chosen), together)


@dataclass(frozen=True, slots=True)
class _Suite:
    job: type[Any]
    world: Worlds
    parameters: Mapping[str, Any]
    retry: RetryPolicy

    def undisturbed(self) -> tuple[list[str], Mapping[str, Any]]:
        """Return the effects of the run, in order, and the outcome."""
        with self.world() as world:
            run, fuse = self._run(world), Fuse()
            self._live(run, world, fuse)
            return fuse.passed, _outcome(world, run)

    def cut_after(self, left: int) -> tuple[str, Mapping[str, Any]]:
        """Cut once, after so many effects; return the place and the outcome."""
        with self.world() as world:
            run, fuse = self._run(world), Fuse(left)
            if not self._live(run, world, fuse):
                self._live(run, world, Fuse())
            return fuse.place, _outcome(world, run)

    def cut_everywhere(self) -> tuple[int, Mapping[str, Any]]:
        """Cut every step at all its effects before it may pass; return cuts and outcome."""
        with self.world() as world:
            run, left = self._run(world), 0
            for cuts in range(MOST_CUTS):
                steps = run.row.steps
                if self._live(run, world, Fuse(left)):
                    return cuts, _outcome(world, run)
                left = left + 1 if run.row.steps == steps else 0
        raise AssertionError(f"{self.job.__name__} does not get on: {run.row.steps} steps are done")

    def _run(self, world: World) -> MemoryRun:
        now = replace(world.invocation, app=self._app(world))
        return MemoryRun(self.job.__name__, self.parameters, invocation=now, run_id=RUN_ID)

    def _app(self, world: World) -> Any:
        entry_point = f"job:{self.job.__name__}"
        return replace(world.invocation.app, entry_point=entry_point, run_id=RUN_ID)

    def _live(self, run: MemoryRun, world: World, fuse: Fuse) -> bool:
        """Let one process drive the run; say whether it came to the run's end."""
        invocation = replace(fused(world.invocation, fuse), app=self._app(world))
        wait = world.invocation.services.clock.sleep
        worker = MemoryWorker(self.job, invocation, self.retry, MOST_STEPS, wait)
        try:
            worker.drive_to_its_end(run, rows=FusedRun(run, fuse))
        except PowerCut:
            world.after_crash()
            return False
        return True


def _outcome(world: World, run: MemoryRun) -> Mapping[str, Any]:
    row = run.row
    ended = {"status": row.status.value, "error": row.error, "state": row.state, "steps": row.steps}
    return {"run": ended, **world.outcome()}


def _spread(count: int, most: int | None) -> list[int]:
    """Choose at most so many of 0 … count - 1, evenly, with both ends."""
    if most is None or most >= count:
        return list(range(count))
    return sorted({round(number * (count - 1) / max(most - 1, 1)) for number in range(most)})


def _said(job: str, wrong: Mapping[str, list[str]], *, tried: int) -> str:
    def lines() -> Iterator[str]:
        yield f"{job} does not end as undisturbed when its process dies; {len(wrong)} of {tried}:"
        for place in list(wrong)[:PLACES_SHOWN]:
            yield f"  {place}"
            yield from (f"    {each}" for each in wrong[place][:DIFFERENCES_SHOWN])
            if (more := len(wrong[place]) - DIFFERENCES_SHOWN) > 0:
                yield f"    … and {more} more"
        if (more := len(wrong) - PLACES_SHOWN) > 0:
            yield f"  … and {more} more places"

    return "\n".join(lines())
