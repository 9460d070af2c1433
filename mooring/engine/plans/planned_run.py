"""How is a job driven to its end so that nothing of it remains but what it would have written?

In this thread, without a row: no worker knows of it, and it is not resumed. Its services are the
caller's (``collecting_services``).
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mooring.engine.calling import call
from mooring.engine.failures import PutOff, SetAside, reaction_to
from mooring.engine.plans.collecting import Collector
from mooring.engine.plans.job_classes import without_waiting
from mooring.engine.states import checked, standing
from mooring.errors import MooringError, PlanFailed, RecordRefused, in_words
from mooring.model.app_frames import place_in_app
from mooring.model.manifest import RetryPolicy
from mooring.model.plan import Plan
from mooring.sdk.context import Invocation
from mooring.sdk.job import Job, JobInvocation, JobStatus

ANSWER = (
    "A plan answered {action} {service} with {{}}, because the app does not say what to plan "
    "with: give the call `planned=`, with what the service would answer."
)
MOST_STEPS = 10_000
LONGEST_WAIT, MOST_WAITED = 60.0, 600.0  # seconds: at once, and in all


@dataclass(slots=True)
class PlannedRun:
    """One run of a job that writes nothing.

    ``told`` hears of every step; ``put_off`` waits, after an error that passes by itself.
    """

    plan: Plan
    collector: Collector
    invocation: Invocation
    retry: RetryPolicy
    told: Callable[[int, JobStatus], object]
    put_off: Callable[[MooringError, float], object]
    hide: Callable[[str], str]
    _waited: float = 0.0

    def driven(self, job_class: type[Any]) -> Plan:
        """Return the plan. Raises PlanFailed, and what the app raises of the host's errors."""
        try:
            return self._to_the_end(without_waiting(job_class))
        except MooringError:
            raise
        except (Exception, SystemExit) as error:
            said = self.hide(in_words(error))
            trace = "".join(traceback.format_exception(error))
            if place := place_in_app(error):
                said = f"{said} ({place})"
            self._log("error", "job.plan.raised", error=said, traceback=trace)
            raise PlanFailed(
                f"{self.plan.job} broke down while its writes were collected: {said}",
                hint=self._remedy(),
            ) from error

    def _to_the_end(self, job_class: type[Any]) -> Plan:
        plan, steps = self.plan, 0
        wanted = JobInvocation(plan.plan_id, plan.made_at, plan.parameters, plan.made_at)
        job: Job = call(job_class, wanted, invocation=self.invocation)
        parameters = copy.deepcopy(dict(plan.parameters))
        status = self._called(job.prepare, parameters, None, False, name="prepare")
        while not status.complete:
            self._check_steps(steps)
            steps += 1
            status = self._performed(job, status, step=steps)
            self.told(steps, status)
        return self._made(status.state, steps)

    def _performed(self, job: Job, status: JobStatus, *, step: int) -> JobStatus:
        """Do one step: again without records that the job refuses, and later if it is put off."""
        attempt = set_aside = 0
        while True:
            self.collector.begin_attempt()
            try:
                return self._called(job.perform, copy.deepcopy(status), name="perform")
            except MooringError as error:
                reaction = reaction_to(
                    error, retry=self.retry, attempt=attempt, set_aside=set_aside
                )
                self.collector.take_back()
                if isinstance(reaction, PutOff):
                    attempt = reaction.attempt
                    self._check_wait(error, reaction.seconds)
                    self.put_off(error, reaction.seconds)
                elif isinstance(reaction, SetAside) and isinstance(error, RecordRefused):
                    set_aside += 1
                    self._set_aside(error)
                else:
                    error.where = error.where or f"{self.plan.job}, step {step}"
                    raise

    def _check_steps(self, steps: int) -> None:
        """Let no plan be made for ever. Raises PlanFailed."""
        if steps >= MOST_STEPS:
            raise PlanFailed(
                f"{self.plan.job} had not ended after {MOST_STEPS:,} steps, and no plan has more. "
                "Nothing was written.",
                hint="Plan less at once, with --parameters; or the job never says complete.",
            )

    def _check_wait(self, error: MooringError, seconds: float) -> None:
        """Let nobody wait long for a plan. Raises PlanFailed."""
        self._waited += seconds
        if seconds > LONGEST_WAIT or self._waited > MOST_WAITED:
            most = f"{LONGEST_WAIT:g} s at once and {MOST_WAITED:g} s in all"
            raise PlanFailed(
                f"{self.plan.job} was to go on in {seconds:,.0f} s, and a plan waits {most}: "
                f"{self.hide(str(error))} Nothing was written.",
                hint="Make the plan later; a run waits by itself.",
            ) from error

    def _set_aside(self, refused: RecordRefused) -> None:
        self.invocation.services.dead_letters.set_aside(
            job=self.plan.job,
            run_id=self.plan.plan_id,
            key=refused.key,
            record=refused.record,
            reason=str(refused),
        )

    def _called(self, method: Callable[..., Any], *arguments: Any, name: str) -> JobStatus:
        """Call the job; what it returns is what a run would have kept of it."""
        answer = call(method, *arguments, invocation=self.invocation)
        kept = standing(checked(answer, name), name, statistics={})
        return JobStatus(dict(kept.state), answer.complete, answer.progress)

    def _made(self, state: Mapping[str, Any], steps: int) -> Plan:
        found = self.collector
        return replace(
            self.plan,
            steps=steps,
            state=state,
            counts=found.counts,
            samples=found.samples,
            notifications=found.notifications,
            reads=found.reads,
            writes=found.writes,
            linked=found.linked,
        )

    def _remedy(self) -> str:
        """Say what to do if the app may have stumbled over an answer that was none."""
        write = self.collector.last_unanswered
        if write is None:
            return "See `mooring logs`."
        return ANSWER.format(action=write.action, service=write.service) + " See `mooring logs`."

    def _log(self, level: str, event: str, **fields: Any) -> None:
        line = {**self.invocation.log_fields, **fields}
        self.invocation.services.log.log(level, event, line)
