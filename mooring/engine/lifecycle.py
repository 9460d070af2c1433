"""In which order does an app come into an account and leave it, and what is undone on failure?"""

from __future__ import annotations

from pathlib import Path

from mooring.engine.lifecycle_calls import wrong_answer
from mooring.engine.transitions import Progress, Transitions, silent
from mooring.errors import Conflict
from mooring.model.account import account_option
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation, InstallationState
from mooring.sdk.lifecycle import CanUninstallResult

STOPPED = "The app was uninstalled."


def install(
    steps: Transitions, definition: AppDefinition, *, account: str, progress: Progress = silent
) -> Installation:
    """Bring an app into an account: schema, addresses, ``on_install``, schedules.

    Raises Conflict when it is already there, LifecycleFailed when ``on_install`` says no.
    """
    meta = definition.manifest.meta
    _refuse_second(steps, meta.app_id, account)
    progress("copying the app")
    root = steps.host.keep_copy(definition)
    progress("applying its schema")
    steps.host.apply_schema(account, definition)
    installation = steps.installations.create(
        app_id=meta.app_id, account=account, version=meta.version, root=str(root)
    )
    with steps.recorded(
        installation, "install", aim=meta.version, undo=lambda: call_off(steps, installation)
    ):
        steps.add_endpoints(installation, definition)
        progress("calling on_install")
        steps.accepted(installation, "on_install")
        with steps.host.together():
            _add_schedules(steps, installation, definition)
            steps.host.keep_changes(installation)
            steps.installations.set_state(installation.install_id, InstallationState.INSTALLED)
            steps.history.record(installation, "install", message=meta.version)
    return steps.installations.get(installation.install_id)


def uninstall(
    steps: Transitions, installation: Installation, *, purge: bool, progress: Progress = silent
) -> Path | None:
    """Take an app out of its account and return its archive; with ``purge`` delete its data.

    Raises Conflict when ``can_uninstall`` refuses, LifecycleFailed when ``on_uninstall`` does.
    """
    progress("calling can_uninstall")
    _ask_leave(steps, installation)
    action = "purge" if purge else "uninstall"
    install_id = installation.install_id
    steps.installations.set_state(install_id, InstallationState.UNINSTALLING)
    with steps.recorded(
        installation, action, aim=installation.version, undo=lambda: call_off(steps, installation)
    ):
        # From this state on its schedules start nothing.
        progress("stopping its runs")
        steps.runs.terminate_all(install_id, now=steps.clock.now(), reason=STOPPED)
        progress("calling on_uninstall")
        steps.accepted(installation, "on_uninstall")
        progress("deleting its data" if purge else "writing its archive")
        archive = _leave(steps, installation, action)
    if purge:
        purge_rest(steps, installation)
    else:
        steps.vault.delete_all(installation.owner)
    return archive


def purge_rest(steps: Transitions, installation: Installation) -> None:
    """Delete what an uninstalled app left: its archives, runs, deliveries and notifications."""
    steps.host.drop_archives(installation)
    steps.forget(installation)


def call_off(steps: Transitions, installation: Installation) -> None:
    """Undo an install or an uninstall that failed or was cut off."""
    with steps.host.together():
        steps.host.put_back(installation)
        found = steps.installations.get(installation.install_id)
        if found.state is InstallationState.INSTALLING:
            steps.forget(installation)
        elif found.state is InstallationState.UNINSTALLING:
            steps.installations.set_state(found.install_id, InstallationState.INSTALLED)


def _leave(steps: Transitions, installation: Installation, action: str) -> Path | None:
    """Let the addresses answer 410 and move the data out, in one: no write is lost in between."""
    install_id = installation.install_id
    with steps.host.together():
        steps.host.keep_changes(installation)
        steps.runs.terminate_all(install_id, now=steps.clock.now(), reason=STOPPED)
        archive = steps.host.archive(installation) if action == "uninstall" else None
        steps.installations.retire_endpoints(install_id)
        steps.schedules.remove(install_id)
        steps.installations.set_state(install_id, InstallationState.UNINSTALLED)
        steps.history.record(installation, action, message=archive.name if archive else "")
    return archive


def _refuse_second(steps: Transitions, app_id: str, account: str) -> None:
    if present := steps.installations.find(app_id, account):
        option = account_option(account)
        raise Conflict(
            f"{app_id} {present.version} is already installed in account {account}.",
            hint=f"Upgrade it with `mooring upgrade PATH{option}`, or uninstall it first: "
            f"mooring uninstall {app_id}{option}",
        )


def _add_schedules(
    steps: Transitions, installation: Installation, definition: AppDefinition
) -> None:
    """Set the manifest's crons, except where ``on_install`` chose its own."""
    chosen = {schedule.job for schedule in steps.schedules.of(installation.install_id)}
    jobs = steps.host.jobs_of(installation)
    for name, job in definition.manifest.jobs.items():
        if job.cron and name not in chosen:
            jobs.reschedule(name, job.cron, timezone=job.timezone)


def _ask_leave(steps: Transitions, installation: Installation) -> None:
    app_id = installation.app_id
    answer = steps.host.call(installation, "can_uninstall")
    if not isinstance(answer, CanUninstallResult):
        raise wrong_answer(app_id, "can_uninstall", answer, expected="a CanUninstallResult")
    if not answer.uninstallable:
        raise Conflict(
            f"{app_id} does not allow to be uninstalled now: "
            f"{answer.message or 'it gave no reason'}"
        )
