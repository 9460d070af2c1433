"""How do apps come to this host, change and leave it? Folders, code and locks around the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.adapters import app_folders
from mooring.adapters.transition_lock import transition_lock
from mooring.adapters.undo_journal import UndoJournal
from mooring.engine import lifecycle as leaving_and_coming
from mooring.engine import upgrade as upgrading
from mooring.engine.installation_services import InstallationJobs
from mooring.engine.lifecycle_calls import call_hook
from mooring.engine.transitions import Progress, Transitions, silent
from mooring.engine.upgrade import Upgraded
from mooring.errors import AppInvalid, Conflict, NotFound
from mooring.hosting.archives import AppArchives
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation, InstallationState
from mooring.reading.app_reader import read_app
from mooring.rules import validate_app

if TYPE_CHECKING:
    from mooring.hosting.host import Host

UNDONE = "The transition that started it was called off."
TRIES, TRY_EVERY = 10, 0.1  # seconds; whoever looks for what was cut off holds the lock briefly
UNDER_WAY = (
    InstallationState.INSTALLING,
    InstallationState.UPGRADING,
    InstallationState.UNINSTALLING,
)


class AppLifecycle:
    """The lifecycle of one host's apps; to the engine it is the host (engine.transitions.AppHost).

    One process at a time is at an app of an account. What one left that was killed is called off
    by whoever comes next, or looks.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self.archives = AppArchives(host)

    def install(self, path: Path, *, progress: Progress = silent) -> Installation:
        """Install the app in ``path`` into the configured account.

        Raises AppInvalid with every problem found, Conflict, LifecycleFailed.
        """
        progress("validating")
        definition = self.read(path)
        account = self._host.config.account
        with self._alone(definition.manifest.meta.app_id, account):
            return leaving_and_coming.install(
                self._steps, definition, account=account, progress=progress
            )

    def upgrade(
        self, path: Path, *, allow_downgrade: bool = False, progress: Progress = silent
    ) -> Upgraded:
        """Let the version in ``path`` take over in the configured account, while it serves.

        Raises AppInvalid, NotFound, Conflict, LifecycleFailed; then the former version serves.
        """
        progress("validating")
        definition = self.read(path)
        app_id = definition.manifest.meta.app_id
        with self._alone(app_id, self._host.config.account):
            return upgrading.upgrade(
                self._steps,
                self._host.installation(app_id),
                definition,
                allow_downgrade=allow_downgrade,
                progress=progress,
            )

    def uninstall(
        self, installation: Installation, *, purge: bool, progress: Progress = silent
    ) -> Path | None:
        """Take the app out of its account, and return its archive; with ``purge`` there is none.

        Raises Conflict, LifecycleFailed; then it is as it was.
        """
        with self._alone(installation.app_id, installation.account):
            found = self._host.installations.find(installation.app_id, installation.account)
            if found is None or found.install_id != installation.install_id:
                raise NotFound(f"{installation.app_id} is no longer installed.")
            return leaving_and_coming.uninstall(self._steps, found, purge=purge, progress=progress)

    def purge(self, app_id: str) -> int:
        """Delete what an uninstalled app left in the account; return of how many installations.

        Raises Conflict while it is installed.
        """
        account = self._host.config.account
        with self._alone(app_id, account):
            gone = self._host.installations.gone(app_id, account)
            for installation in gone:
                leaving_and_coming.purge_rest(self._steps, installation)
                self._host.history.record(installation, "purge")
        return len(gone)

    def restore(self, path: Path) -> Installation:
        """Bring back what was uninstalled. Raises ArchiveInvalid, Conflict."""
        label = self.archives.label(path)
        with self._alone(label.app_id, label.account):
            return self.archives.restore(path, label)

    def recover(self) -> list[Installation]:
        """Call off what a process that was killed left in between; return what was there."""
        found = [i for i in self._host.installations.all() if i.state in UNDER_WAY]
        return [one for one in found if self._recovered(one)]

    def _recovered(self, installation: Installation) -> bool:
        with self._lock(installation.app_id, installation.account) as held:
            return held and self._call_off(installation.app_id, installation.account)

    def _call_off(self, app_id: str, account: str) -> bool:
        """Undo a transition that nobody is at; inside of its lock."""
        found = self._host.installations.find(app_id, account)
        if found is None or found.state not in UNDER_WAY:
            return False
        if found.state is InstallationState.UPGRADING:
            action = "upgrade"
            upgrading.call_off(self._steps, found)
        else:
            action = "install" if found.state is InstallationState.INSTALLING else "uninstall"
            leaving_and_coming.call_off(self._steps, found)
        said = f"The {action} was cut off, and is undone."
        self._host.history.record(found, action, outcome="failed", message=said)
        fields = {**found.log_fields, "entry_point": "lifecycle", "action": action}
        self._host.log.log("warn", "lifecycle.recovered", fields)
        return True

    # --- What the engine asks for (engine.transitions.AppHost) -----------------------------------

    def read(self, path: Path) -> AppDefinition:
        """Read the app in ``path``. Raises AppInvalid with every problem found."""
        found = validate_app(path, profiles=lambda: self._host.signature_profiles)
        problems = [p for p in found if p.severity == "error"]
        if problems:
            raise AppInvalid(
                f"The app has {len(problems)} problem{'s' if len(problems) > 1 else ''}:",
                where=str(path),
                problems=tuple(problems),
            )
        definition = read_app(path)
        if not definition.manifest.runs_here:
            raise AppInvalid(
                f"The app is written for {definition.manifest.runtime}; Mooring runs Python.",
                where=str(path),
                hint=f"Make a Python app of it with: mooring port {path} DIR",
            )
        return definition

    def keep_copy(self, definition: AppDefinition) -> Path:
        """Copy the app into the home, and to where other homes find it; return its folder."""
        meta = definition.manifest.meta
        root = app_folders.keep(
            definition.root, self._host.home.path, app_id=meta.app_id, version=meta.version
        )
        self._host.copies.store(root)
        return root

    def definition(self, installation: Installation) -> AppDefinition:
        """Return the manifest, forms and schema of the version that an installation has."""
        return self._host.definition(installation)

    def check_code(self, installation: Installation) -> None:
        """Import every class that the manifest names. Raises EntryPointInvalid."""
        self._host.mounted.check(installation)

    def apply_schema(self, account: str, definition: AppDefinition) -> None:
        """Make the account's ODP know the app's objects and fields."""
        self._host.odp(account).apply_schema(definition.schema)

    def call(self, installation: Installation, hook: str, *arguments: Any) -> Any:
        """Call a method of the app's Lifecycle on behalf of the installation."""
        invocation = self._host.invocation(installation, entry_point="lifecycle")
        lifecycle = self._host.lifecycle_class(installation)
        return call_hook(lifecycle, hook, *arguments, invocation=invocation)

    def call_noting(self, installation: Installation, hook: str, *arguments: Any) -> Any:
        """Call a hook, and note what it changes here; runs that it starts wait."""
        host, journal = self._host, self._journal(installation)
        definition = host.definition(installation)
        invocation = host.invocation(installation, entry_point="lifecycle")
        jobs = InstallationJobs(
            installation,
            definition.manifest,
            runs=journal.runs(host.runs),
            schedules=journal.schedules(host.schedules),
            clock=host.clock,
        )
        services = host.services.noting(
            invocation.services, installation, definition, journal=journal, jobs=jobs
        )
        return call_hook(
            host.lifecycle_class(installation),
            hook,
            *arguments,
            invocation=replace(invocation, services=services),
        )

    def put_back(self, installation: Installation) -> None:
        """Put back what the hooks of this transition changed, and end the runs they started."""
        host = self._host
        self._journal(installation).put_back(
            schedules=host.schedules, runs=host.runs, now=host.clock.now(), reason=UNDONE
        )

    def keep_changes(self, installation: Installation) -> None:
        """Let what the hooks of this transition changed stay, and the runs they started begin."""
        self._journal(installation).forget(runs=self._host.runs, now=self._host.clock.now())

    def archive(self, installation: Installation) -> Path:
        """Write what an installation has into a file from which it can be restored."""
        return self.archives.write(installation)

    def drop_archives(self, installation: Installation) -> None:
        """Delete the archives of an installation."""
        self.archives.drop(installation)

    def notify(self, installation: Installation, title: str, summary: str) -> None:
        """Tell the people whose account it is of something that went wrong."""
        self._host.notifications.add(installation, "error", "Lifecycle", title, summary)

    def jobs_of(self, installation: Installation) -> InstallationJobs:
        """Return the runs and schedules of an installation."""
        return self._host.jobs_of(installation)

    def together(self) -> AbstractContextManager[object]:
        """Store all changes of a block, or none of them."""
        return self._host.database.write()

    # --- Building blocks -------------------------------------------------------------------------

    @contextmanager
    def _alone(self, app_id: str, account: str) -> Iterator[None]:
        """Be the one process at this app of the account. Raises Conflict."""
        for _ in range(TRIES):
            with self._lock(app_id, account) as held:
                if held:
                    self._call_off(app_id, account)
                    self._forget_copies(app_id)
                    yield
                    return
            self._host.clock.sleep(TRY_EVERY)
        raise Conflict(
            f"Another process installs, upgrades or removes {app_id} in account {account} "
            "at this moment.",
            hint="Wait until it has ended; `mooring apps` shows how far it is.",
        )

    def tidy(self) -> None:
        """Remove copies of apps, here and for other homes, that have not been in use for a day."""
        for folder in self._host.home.apps.glob("*"):
            self._forget_copies(folder.name)

    def _forget_copies(self, app_id: str) -> None:
        """Remove copies of the app that nothing refers to, some time after they were last used."""
        used = set[Path]()
        for installation in self._host.installations.all():
            used.add(installation.root)
            if upgrade := installation.upgrade:
                used |= {upgrade.before.root, upgrade.after.root}
        app_folders.forget_unused(self._host.home.path, app_id=app_id, used=used)
        self._host.copies.forget(app_id, used={root.name for root in used})

    def _lock(self, app_id: str, account: str) -> AbstractContextManager[bool]:
        folder = self._host.home.path / "locks"
        return transition_lock(self._host.database, folder, app_id=app_id, account=account)

    def _journal(self, installation: Installation) -> UndoJournal:
        return UndoJournal(installation, self._host.database, self._host.vault)

    @cached_property
    def _steps(self) -> Transitions:
        host = self._host
        return Transitions(
            host=self,
            installations=host.installations,
            runs=host.runs,
            schedules=host.schedules,
            vault=host.vault,
            history=host.history,
            clock=host.clock,
        )
