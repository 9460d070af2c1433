"""Which schedules are due, and what does each of them start? Exactly one run per due time.

The run of a due time is written together with its schedule's next time, under a key of its own: a
host that crashes in between has written neither, and a host whose clock was set back finds the key
taken when it comes to the due time again.

No clock is believed to run evenly. After a jump forwards (a laptop slept), of the due times that
lie behind one counts at most. After a jump backwards nothing fires twice; and what had been put off
until a time that the clock showed by mistake is due again as its expression says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from mooring.engine.ports import InstallationRepository, RunRepository, ScheduleRepository
from mooring.engine.schedule import Schedule, parse_schedule
from mooring.errors import NotFound, ScheduleInvalid
from mooring.model.installation import SERVING, Installation
from mooring.model.run import JobSchedule, Run
from mooring.sdk.ports import LogPort

# A due time that nobody looked at for longer than this was missed, not merely late.
PUNCTUAL = timedelta(minutes=1)
# Clocks of several hosts differ by less; a greater step backwards is a clock that was set.
CLOCKS_AGREE = timedelta(minutes=1)
LOOK_BACK_EVERY = timedelta(seconds=10)
HELD_AT_ONCE = 100
MOST_AT_ONCE = 500  # in one tick, for its caller has other things to do
KEPT_IN_MIND = 1000  # expressions


def first_due(schedule: JobSchedule, now: datetime) -> datetime | None:
    """Return when a schedule fires first after ``now``. Raises ScheduleInvalid."""
    late = delay(schedule)
    found = _read(schedule.cron, schedule.timezone).next_after(now - late)
    return None if found is None else found + late


@lru_cache(maxsize=KEPT_IN_MIND)
def _read(cron: str, timezone: str) -> Schedule:
    """Read an expression once, for many installations have the same one."""
    return parse_schedule(cron, timezone=timezone)


def delay(schedule: JobSchedule) -> timedelta:
    """Return by how much an installation's job comes after its due times: always the same."""
    own = hashlib.blake2b(f"{schedule.install_id}/{schedule.job}".encode(), digest_size=8)
    seconds = int.from_bytes(own.digest(), "big") % (schedule.jitter + 1)
    return timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one due time: a run, or why there is none."""

    schedule: JobSchedule
    run: Run | None = None
    reason: str = ""
    stopped: bool = False


class Scheduler:
    """Turns due times into runs, by each schedule's overlap and missed policies."""

    def __init__(
        self,
        schedules: ScheduleRepository,
        *,
        runs: RunRepository,
        installations: InstallationRepository,
        log: LogPort,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._installations = installations
        self._log = log
        self._looked_back: datetime | None = None

    def tick(self, now: datetime) -> list[Run]:
        """Fire what is due, however long ago, once each; return the runs written."""
        self._look_back(now)
        fired: list[Run] = []
        for _ in range(0, MOST_AT_ONCE, HELD_AT_ONCE):
            outcomes = self._fire_some(now)
            fired.extend(outcome.run for outcome in outcomes if outcome.run is not None)
            if len(outcomes) < HELD_AT_ONCE:
                break
        return fired

    def _fire_some(self, now: datetime) -> list[_Outcome]:
        owner = lru_cache(self._installations.get)  # Most have many jobs that are due together.
        with self._schedules.held(now, limit=HELD_AT_ONCE) as due:
            outcomes = [self._fire(schedule, now, owner=owner) for schedule in due]
        for outcome in outcomes:
            self._tell(outcome)
        return outcomes

    def _fire(
        self, schedule: JobSchedule, now: datetime, *, owner: Callable[[int], Installation]
    ) -> _Outcome:
        """Write the run of one schedule's due time, unless its policies say no, and move on."""
        due = schedule.next_at
        assert due is not None, "only a schedule with a next time is due"
        try:
            # From now on: of the due times that a stopped host or a jumping clock left behind,
            # none comes up again.
            next_at = first_due(schedule, now)
            installation = owner(schedule.install_id)
        except (ScheduleInvalid, NotFound) as error:
            self._schedules.advance(schedule, next_at=None)
            return _Outcome(schedule, reason=str(error), stopped=True)
        reason = self._against(schedule, installation, now - due)
        run = None if reason else self._write(schedule, installation, due)
        if run is None and not reason:
            # By a clock that was set back it comes again; those after it may not have had theirs.
            next_at = first_due(schedule, due)
        self._schedules.advance(schedule, next_at=next_at)
        return _Outcome(schedule, run, reason or "this due time has had its run")

    def _against(
        self, schedule: JobSchedule, installation: Installation, late: timedelta
    ) -> str | None:
        """Return why this due time starts nothing, or None."""
        if installation.state not in SERVING:
            return f"the installation is {installation.state.value}"
        if schedule.missed == "skip" and late > PUNCTUAL:
            return f"missed by {int(late.total_seconds())} s"
        if schedule.overlap == "skip" and self._is_active(schedule):
            return "the job's last run has not ended"
        return None

    def _is_active(self, schedule: JobSchedule) -> bool:
        return bool(
            self._runs.recent(
                install_id=schedule.install_id, job=schedule.job, active=True, limit=1
            )
        )

    def _write(
        self, schedule: JobSchedule, installation: Installation, due: datetime
    ) -> Run | None:
        expressed = due - delay(schedule)
        return self._runs.create(
            installation,
            schedule.job,
            schedule.parameters,
            scheduled_at=due,
            due_key=f"{schedule.install_id}/{schedule.job}/{expressed.isoformat()}",
        )

    # -- a clock that was set back -----------------------------------------------------------------

    def _look_back(self, now: datetime) -> None:
        """Reckon anew what was put off by a clock that showed a later time than it does now."""
        last = self._looked_back
        if last is not None and timedelta() <= now - last < LOOK_BACK_EVERY:
            return
        ahead = self._schedules.reckoned_after(now + CLOCKS_AGREE, limit=MOST_AT_ONCE)
        self._looked_back = now if len(ahead) < MOST_AT_ONCE else None
        changed = sum(self._reckon_anew(schedule, now) for schedule in ahead)
        if changed:
            fields = {"now": now.isoformat(), "schedules": changed}
            self._log.log("warning", "job.schedule.clock_was_ahead", fields)

    def _reckon_anew(self, schedule: JobSchedule, now: datetime) -> bool:
        try:
            next_at = first_due(schedule, now)
        except ScheduleInvalid:
            return False  # It is stopped, and said so, when its present time comes.
        return self._schedules.advance(schedule, next_at=next_at)

    # -- what is told ------------------------------------------------------------------------------

    def _tell(self, outcome: _Outcome) -> None:
        if outcome.stopped:
            self._note("error", "job.schedule.stopped", outcome, reason=outcome.reason)
        elif outcome.run is None:
            self._note("info", "job.schedule.skipped", outcome, reason=outcome.reason)
        else:
            late = outcome.run.created_at - outcome.run.scheduled_at
            late_ms = round(late.total_seconds() * 1000)
            run_id = outcome.run.run_id
            self._note("info", "job.schedule.fired", outcome, run_id=run_id, late_ms=late_ms)

    def _note(self, level: str, event: str, outcome: _Outcome, **fields: Any) -> None:
        schedule = outcome.schedule
        about = {
            "install_id": schedule.install_id,
            "job": schedule.job,
            "cron": schedule.cron,
            "due_at": schedule.next_at.isoformat() if schedule.next_at else None,
        }
        self._log.log(level, event, {**about, **fields})
