"""Do the engine's records agree with our rows? What they know and nobody will finish is forgotten.

A run that is PENDING is handed over as long as it is due, and one that is RUNNING is taken over
when nobody drives it, whatever the engine knows. What remains are records of submissions that a
worker left behind when it died: they would pile up, and come back with one of the same name.
"""

from __future__ import annotations

from mooring.adapters.executor_locks import Locks
from mooring.engine.job_engine import JobEngine


def forget_left_behind(engine: JobEngine, *, locks: Locks, name: str) -> int:
    """Forget what dead workers left in the engine's records; return how many there were."""
    unfinished = engine.unfinished()
    with locks.free({each.executor for each in unfinished} - {name}) as free:
        left = [each for each in unfinished if each.executor in free]
        if left:
            engine.forget(left)
    return len(left)
