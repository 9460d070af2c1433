"""In which order does a new version take over from the one that serves, and what if it cannot?

The former version serves until the switch; until the new one has finished, it is still there to go
back to. The switch itself changes which version is called; what the new version lacks (functions,
jobs) is given up only when there is no way back any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from mooring.engine.transitions import Progress, Transitions, addressed, reason, silent
from mooring.engine.upgraded_schedules import upgraded_schedules
from mooring.errors import Conflict
from mooring.model.app import AppDefinition
from mooring.model.installation import (
    AppVersion,
    Installation,
    InstallationState,
    Upgrade,
    UpgradePhase,
)
from mooring.model.version import Version

GONE = "The app was upgraded to {version}, which does not have this job."


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What became of an upgrade; ``trouble`` is why on_after_upgrade did not succeed."""

    installation: Installation
    before: str
    changed: bool = True
    trouble: str = ""


def upgrade(
    steps: Transitions,
    installation: Installation,
    definition: AppDefinition,
    *,
    allow_downgrade: bool = False,
    progress: Progress = silent,
) -> Upgraded:
    """Replace the version of an installation by another one while it serves.

    Raises Conflict for a lower version, LifecycleFailed when a hook says no; then the former
    version serves as before.
    """
    before, wanted = installation.version, definition.manifest.meta.version
    if not allow_downgrade and Version(wanted) < Version(before):
        raise Conflict(
            f"{installation.app_id} {before} is installed, and {wanted} is an older version.",
            hint="Add --allow-downgrade if you mean it; its on_upgrade has to know the newer one.",
        )
    progress("copying the app")
    root = steps.host.keep_copy(definition)
    if root == installation.root:
        return _nothing_to_do(steps, installation, progress)
    begun = steps.installations.begin_upgrade(installation, AppVersion(wanted, root))
    aim = f"{before} → {wanted}"
    with steps.recorded(begun, "upgrade", aim=aim, undo=lambda: call_off(steps, begun)):
        _prepare(steps, begun, definition, progress)
        switched = _switch(steps, begun, definition, progress)
        progress("calling on_finalize_upgrade")
        steps.accepted(switched, "on_finalize_upgrade", before)
        done = _finish(steps, switched, definition, aim)
    trouble = _afterwards(steps, done, progress)
    return Upgraded(steps.installations.get(done.install_id), before, trouble=trouble)


def call_off(steps: Transitions, installation: Installation) -> None:
    """Let the former version serve, with the data it had, after a failure or a crash."""
    with steps.host.together():
        steps.host.put_back(installation)
        found = steps.installations.get(installation.install_id)
        if found.upgrade is None or not found.upgrade.is_open:
            return
        former = steps.installations.switch(found, UpgradePhase.PREPARING)
        keep = addressed(steps.host.definition(former))
        steps.installations.retire_endpoints(former.install_id, keep=keep)
        steps.installations.forget_upgrade(former.install_id)
        steps.installations.set_state(former.install_id, InstallationState.INSTALLED)


def _nothing_to_do(steps: Transitions, installation: Installation, progress: Progress) -> Upgraded:
    """Leave equal content alone; but what was left undone after the last upgrade is made up."""
    trouble = _afterwards(steps, installation, progress) if installation.upgrade else ""
    now = steps.installations.get(installation.install_id)
    return Upgraded(now, installation.version, changed=False, trouble=trouble)


def _prepare(
    steps: Transitions, installation: Installation, definition: AppDefinition, progress: Progress
) -> None:
    upgrade = _upgrade_of(installation)
    new = installation.at(upgrade.after)
    progress("mounting the new version beside the old one")
    steps.host.check_code(new)
    progress("applying its schema")
    steps.host.apply_schema(installation.account, definition)
    progress("calling on_upgrade")
    steps.accepted(new, "on_upgrade", upgrade.before.version)


def _switch(
    steps: Transitions, installation: Installation, definition: AppDefinition, progress: Progress
) -> Installation:
    progress("switching over")
    with steps.host.together():
        steps.add_endpoints(installation, definition)
        return steps.installations.switch(installation, UpgradePhase.SWITCHED)


def _finish(
    steps: Transitions, installation: Installation, definition: AppDefinition, aim: str
) -> Installation:
    """Give up what the new version lacks; from here on there is no way back."""
    install_id, jobs, now = installation.install_id, definition.manifest.jobs, steps.clock.now()
    former = steps.host.definition(installation.at(_upgrade_of(installation).before))
    with steps.host.together():
        steps.installations.retire_endpoints(install_id, keep=addressed(definition))
        present = steps.schedules.of(install_id)
        upgraded = upgraded_schedules(
            install_id, present, before=former.manifest.jobs, after=jobs, now=now
        )
        gone = {s.job for s in present} - {s.job for s in upgraded}
        steps.schedules.remove(install_id, jobs=gone)
        for schedule in upgraded:
            steps.schedules.put(schedule)
        said = GONE.format(version=installation.version)
        steps.runs.terminate_all(install_id, now=now, reason=said, keep=jobs)
        steps.host.keep_changes(installation)
        steps.installations.switch(installation, UpgradePhase.AFTERWARDS)
        steps.installations.set_state(install_id, InstallationState.INSTALLED)
        steps.history.record(installation, "upgrade", message=aim)
    return steps.installations.get(install_id)


def _afterwards(steps: Transitions, installation: Installation, progress: Progress) -> str:
    """Call the hook after which nothing is undone; say why it failed, if it did."""
    progress("calling on_after_upgrade")
    try:
        steps.accepted(installation, "on_after_upgrade", for_good=True)
    except Exception as error:  # noqa: BLE001  # the upgrade stands, whatever this was
        trouble = reason(error)
        steps.history.record(installation, "upgrade", outcome="unfinished", message=trouble)
        steps.host.notify(installation, "The upgrade is not finished", trouble)
        return trouble
    steps.installations.forget_upgrade(installation.install_id)
    return ""


def _upgrade_of(installation: Installation) -> Upgrade:
    assert installation.upgrade is not None, "it is in the middle of one"
    return installation.upgrade
