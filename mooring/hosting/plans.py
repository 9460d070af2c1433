"""How is what a job would write shown before it is written, and then written, or refused?"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from mooring.adapters.repositories.plans import Plans
from mooring.adapters.secrets.sealing import Seal
from mooring.engine.parameters import merged
from mooring.engine.plans.applying_services import AppliedHttp, AppliedJobs, AppliedOdp, Guard
from mooring.engine.plans.collecting import Collector
from mooring.engine.plans.compared import differences
from mooring.engine.plans.connections import ENVIRONMENT, moved
from mooring.engine.plans.job_classes import applying
from mooring.engine.plans.outgoing import kind_of_read
from mooring.engine.plans.planned_run import PlannedRun
from mooring.errors import Conflict, MooringError, UsageError, WorldMoved
from mooring.hosting.planned_services import PlannedServices
from mooring.model.installation import Installation
from mooring.model.plan import Plan
from mooring.model.reserved_parameters import PLAN
from mooring.model.run import Run
from mooring.sdk.context import Invocation
from mooring.sdk.job import JobStatus

if TYPE_CHECKING:
    from mooring.hosting.host import Host

GOOD_FOR = timedelta(days=1)
SHOWN = 5  # differences that a refusal names

Made = Callable[[type[Any]], type[Any]]


class Listener(Protocol):
    """Hears how far a plan is."""

    def step(self, steps: int, writes: int, status: JobStatus) -> None:
        """Hear that so many steps were done, and so many writes collected."""

    def waits(self, error: MooringError, seconds: float) -> None:
        """Hear that the next step is tried again, in so many seconds."""


class JobPlans:
    """The plans of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._seal = Seal("plan", vault=lambda: host.vault)

    def kept(self, install_id: int) -> Plans:
        """Return where the plans of an installation wait to be applied."""
        host = self._host
        return Plans(host.database, install_id=install_id, seal=self._seal, clock=host.clock)

    def make(
        self,
        installation: Installation,
        job: str,
        parameters: Mapping[str, Any],
        *,
        listener: Listener,
    ) -> Plan:
        """Run a job with its writes collected, and keep what it would write.

        Raises NotFound, UsageError, PlanFailed, and what the job raises of the host's errors.
        """
        declared = self._host.jobs_of(installation).declared(job)
        installation = self._host.versions.with_job(installation, job)
        now = self._host.clock.now()
        plan = Plan(
            plan_id=str(uuid.uuid4()),
            app_id=installation.app_id,
            version=installation.version,
            code=installation.root.name,
            account=installation.account,
            install_id=installation.install_id,
            job=job,
            parameters=merged(declared, parameters),
            made_at=now,
            expires_at=now + GOOD_FOR,
        )
        made = self._driven(plan, installation, listener=listener)
        self.kept(plan.install_id).put(made)
        self._log("job.plan.made", made, steps=made.steps, writes=made.total)
        return made

    def apply(self, installation: Installation, job: str, name: str, *, listener: Listener) -> Run:
        """Write a run that does what is planned. Raises WorldMoved unless all is as it was.

        Raises NotFound for a plan that has expired, and Conflict for one that was applied.
        """
        plan = self.kept(installation.install_id).get(name)
        installation = self._checked(plan, installation, job)
        self._refuse_second(plan)
        again = self._driven(plan, installation, listener=listener)
        if found := differences(plan, again, most=SHOWN):
            # People are named on the terminal alone.
            kinds = differences(plan, again, most=SHOWN, named=kind_of_read)
            self._log("job.plan.refused", plan, because=kinds)
            raise WorldMoved(
                f"Nothing was written, for the world has moved since the plan was made: "
                f"{'; '.join(found)}.",
                hint=f"Make a new plan: mooring jobs trigger {plan.app_id} {plan.job} --plan",
            )
        run = self._begun(plan, installation)
        self._log("job.plan.applied", plan, run_id=run.run_id, writes=plan.total)
        return run

    def watched(self, run: Run, invocation: Invocation) -> tuple[Invocation, Made]:
        """Return with what a run is driven, and what is made of its class.

        A run that applies a plan is held to it. Raises NotFound when the plan is gone, Conflict for
        a plan that another run applies, and WorldMoved for one of another account.
        """
        plan_id = run.parameters.get(PLAN)
        if plan_id is None:
            return invocation, lambda job_class: job_class
        kept = self.kept(run.install_id)
        plan = kept.get(str(plan_id))
        if kept.applied_by(plan) != run.run_id:
            raise Conflict(
                f"The plan {plan.plan_id} is not this run's to apply.",
                hint=f"mooring jobs trigger {plan.app_id} {plan.job} --apply {plan.plan_id}",
            )
        self._check_same_account(plan, invocation)
        guard = Guard(plan, run_id=run.run_id, made=kept.made(plan))
        services = invocation.services
        held = replace(
            services,
            http=AppliedHttp(services.http, guard),
            odp=AppliedOdp(services.odp, guard),
            jobs=AppliedJobs(services.jobs, guard),
        )
        fields = {**invocation.log_fields, "plan": plan.plan_id}
        return (
            replace(invocation, services=held, log_fields=fields),
            lambda job_class: applying(job_class, plan, guard),
        )

    def _check_same_account(self, plan: Plan, invocation: Invocation) -> None:
        services = invocation.services
        environment = self._digest_of(services.environment)
        found = list(moved(plan, environment=environment, kept=services.secrets.get))
        if found:
            raise WorldMoved(
                f"Nothing more is written: {' and '.join(found)} changed since the plan was made.",
                hint=f"Make a new plan: mooring jobs trigger {plan.app_id} {plan.job} --plan",
            )

    def _digest_of(self, environment: Mapping[str, str]) -> str:
        return self._seal.digest(json.dumps(dict(environment), sort_keys=True))

    def _driven(self, plan: Plan, installation: Installation, *, listener: Listener) -> Plan:
        """Run the job of a plan once, collecting anew."""
        host = self._host
        collector = Collector(plan.plan_id)
        real = host.invocation(installation, entry_point=f"job:{plan.job}", run_id=plan.plan_id)
        collector.read(ENVIRONMENT, self._digest_of(real.services.environment))
        planned = PlannedServices.over(
            real.services,
            collector,
            jobs=host.jobs_of(installation),
            check=host.services.outbound_check(host.definition(installation)),
        )
        about = {**real.log_fields, **plan.log_fields}
        invocation = Invocation(real.app, planned.services, about)

        def put_off(error: MooringError, seconds: float) -> None:
            listener.waits(error, seconds)
            host.clock.sleep(seconds)

        run = PlannedRun(
            plan,
            collector,
            invocation,
            retry=host.jobs_of(installation).declared(plan.job).retry,
            told=lambda steps, status: listener.step(steps, collector.total, status),
            put_off=put_off,
            hide=host.masker.hide,
        )
        with host.mounted.in_use(installation):
            made = run.driven(host.job_class(installation, plan.job))
        return replace(made, kept=planned.kept())

    def _checked(self, plan: Plan, installation: Installation, job: str) -> Installation:
        """Return the version to run. Raises UsageError for a plan of something else."""
        if plan.job != job:
            raise UsageError(
                f"The plan {plan.plan_id} is of {plan.app_id} {plan.job} (account {plan.account}).",
                hint=f"mooring jobs trigger {plan.app_id} {plan.job} --apply {plan.plan_id}",
            )
        installation = self._host.versions.with_job(installation, job)
        if installation.root.name != plan.code:
            raise WorldMoved(
                f"The app has been upgraded since the plan was made: from {plan.version} "
                f"({plan.code}) to {installation.version} ({installation.root.name}).",
                hint=f"Make a new plan: mooring jobs trigger {plan.app_id} {plan.job} --plan",
            )
        return installation

    def _begun(self, plan: Plan, installation: Installation) -> Run:
        parameters = {**plan.parameters, PLAN: plan.plan_id}
        # The plan has to be known as applied before a worker can see the run.
        with self._host.database.write():
            run = self._host.runs.create(
                installation, plan.job, parameters, scheduled_at=plan.made_at
            )
            assert run is not None, "only a due_key can make create() decline"
            if not self.kept(plan.install_id).apply(plan, run.run_id):
                self._refuse_second(plan)
        return run

    def _refuse_second(self, plan: Plan) -> None:
        if run_id := self.kept(plan.install_id).applied_by(plan):
            raise Conflict(
                f"The plan {plan.plan_id} was applied before, by the run {run_id}.",
                hint=f"See `mooring jobs show {run_id}`.",
            )

    def _log(self, event: str, plan: Plan, **fields: Any) -> None:
        self._host.log.log("info", event, {**plan.log_fields, **fields})
