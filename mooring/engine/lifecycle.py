"""In which order does an app come into an account and leave it, and what is undone on failure?

Pure over ports: copying folders, applying schema and calling app code are handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from mooring.engine.lifecycle_calls import wrong_answer
from mooring.engine.ports import (
    InstallationRepository,
    RunRepository,
    ScheduleRepository,
    SecretVault,
)
from mooring.errors import Conflict, LifecycleFailed
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation, InstallationState
from mooring.sdk.lifecycle import CanUninstallResult, LifecycleResult
from mooring.sdk.ports import Clock, JobsPort

UNDONE = "What had been done is undone."


class AppHost(Protocol):
    """What the lifecycle asks of the host around it."""

    def keep_copy(self, definition: AppDefinition) -> Path:
        """Copy the app into the home and return the copy's folder."""

    def apply_schema(self, account: str, definition: AppDefinition) -> None:
        """Make the account's ODP know the app's objects and fields."""

    def call(self, installation: Installation, hook: str, *arguments: Any) -> Any:
        """Call a method of the app's Lifecycle on behalf of the installation."""

    def jobs_of(self, installation: Installation) -> JobsPort:
        """Return the runs and schedules of an installation."""


class LifecycleEngine:
    """Installs and uninstalls; every step that was done is undone when a later one fails."""

    def __init__(
        self,
        host: AppHost,
        *,
        installations: InstallationRepository,
        runs: RunRepository,
        schedules: ScheduleRepository,
        vault: SecretVault,
        clock: Clock,
    ) -> None:
        self._host = host
        self._installations = installations
        self._runs = runs
        self._schedules = schedules
        self._vault = vault
        self._clock = clock

    def install(
        self,
        definition: AppDefinition,
        *,
        account: str,
        progress: Callable[[str], None] = lambda step: None,
    ) -> Installation:
        """Bring an app into an account: schema, addresses, ``on_install``, schedules.

        Raises Conflict when it is already there, LifecycleFailed when ``on_install`` says no.
        """
        meta = definition.manifest.meta
        self._refuse_second(meta.app_id, account)
        with ExitStack() as undo:
            progress("copying the app")
            root = self._host.keep_copy(definition)
            progress("applying its schema")
            self._host.apply_schema(account, definition)
            installation = self._installations.create(
                app_id=meta.app_id,
                account=account,
                version=meta.version,
                root=str(root),
            )
            undo.callback(self._forget, installation)
            self._add_endpoints(installation, definition)
            progress("calling on_install")
            self._accepted(installation, "on_install")
            self._add_schedules(installation, definition)
            self._installations.set_state(installation.install_id, InstallationState.INSTALLED)
            undo.pop_all()
        return self._installations.get(installation.install_id)

    def uninstall(self, installation: Installation, *, purge: bool) -> None:
        """Take an app out of its account; its data stays unless ``purge``.

        Raises Conflict when ``can_uninstall`` refuses, LifecycleFailed when ``on_uninstall`` does.
        """
        if installation.state is InstallationState.INSTALLING:
            # It was cut off: what is left to do is what a failure would have undone.
            self._forget(installation)
            return
        self._ask_leave(installation)
        before = installation.state
        schedules = self._schedules.of(installation.install_id)
        self._installations.set_state(installation.install_id, InstallationState.UNINSTALLING)
        try:
            self._schedules.remove(installation.install_id)
            self._runs.terminate_all(installation.install_id, now=self._clock.now())
            self._accepted(installation, "on_uninstall")
        except BaseException:
            # Also after Ctrl-C, for which an app that waits for a service is a likely place.
            for schedule in schedules:
                self._schedules.put(schedule)
            self._installations.set_state(installation.install_id, before)
            raise
        self._installations.retire_endpoints(installation.install_id)
        self._installations.set_state(installation.install_id, InstallationState.UNINSTALLED)
        if purge:
            self._forget(installation)

    def _refuse_second(self, app_id: str, account: str) -> None:
        present = self._installations.find(app_id, account)
        if present and present.state is InstallationState.INSTALLING:
            raise Conflict(
                f"An installation of {app_id} in account {account} was begun and has not ended: "
                "another process is at it, or one was cut off.",
                hint="If none is, clear it away and install again: "
                f"mooring uninstall {app_id} --account {account}",
            )
        if present:
            raise Conflict(
                f"{app_id} {present.version} is already installed in account {account}.",
                hint=f"Uninstall it first: mooring uninstall {app_id} --account {account}",
            )

    def _add_endpoints(self, installation: Installation, definition: AppDefinition) -> None:
        for name, function in definition.manifest.functions.items():
            if not (function.is_global or function.resolved_by):
                self._installations.add_endpoint(installation.install_id, installation.app_id, name)

    def _add_schedules(self, installation: Installation, definition: AppDefinition) -> None:
        """Set the manifest's crons, except where ``on_install`` chose its own."""
        chosen = {schedule.job for schedule in self._schedules.of(installation.install_id)}
        jobs = self._host.jobs_of(installation)
        for name, job in definition.manifest.jobs.items():
            if job.cron and name not in chosen:
                jobs.reschedule(name, job.cron, timezone=job.timezone)

    def _accepted(self, installation: Installation, hook: str) -> None:
        """Call a hook that answers with a LifecycleResult; a no or an exception is a failure."""
        app_id = installation.app_id
        try:
            result = self._host.call(installation, hook)
        except LifecycleFailed as error:
            raise LifecycleFailed(error.message, hint=f"{UNDONE} {error.hint}") from error
        if not isinstance(result, LifecycleResult):
            raise wrong_answer(app_id, hook, result, expected="a LifecycleResult")
        if not result.success:
            said = result.message or "it gave no reason"
            raise LifecycleFailed(f"{hook} of {app_id} refused: {said}", hint=UNDONE)

    def _ask_leave(self, installation: Installation) -> None:
        app_id = installation.app_id
        answer = self._host.call(installation, "can_uninstall")
        if not isinstance(answer, CanUninstallResult):
            raise wrong_answer(app_id, "can_uninstall", answer, expected="a CanUninstallResult")
        if not answer.uninstallable:
            raise Conflict(
                f"{app_id} does not allow to be uninstalled now: "
                f"{answer.message or 'it gave no reason'}"
            )

    def _forget(self, installation: Installation) -> None:
        self._vault.delete_all(f"install/{installation.install_id}")
        self._schedules.remove(installation.install_id)
        self._installations.remove(installation.install_id)
