"""What do install, upgrade and uninstall have in common? What they ask for, and each single step.

Pure over ports: copying folders, applying schema, calling app code and keeping what hooks changed
for an undo are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mooring.engine.lifecycle_calls import wrong_answer
from mooring.engine.ports import (
    HistoryRepository,
    InstallationRepository,
    RunRepository,
    ScheduleRepository,
    SecretVault,
)
from mooring.errors import LifecycleFailed, MooringError, in_words
from mooring.model.app import AppDefinition
from mooring.model.installation import Installation
from mooring.sdk.lifecycle import LifecycleResult
from mooring.sdk.ports import Clock, JobsPort

Progress = Callable[[str], None]

UNDONE = "What had been done is undone."
AGAIN_AFTER = (1.0, 2.0)  # seconds, for a hook that says that it may succeed later


def silent(_step: str) -> None:
    """Tell nobody about a step."""


class AppHost(Protocol):
    """What the lifecycle asks of the host around it."""

    def keep_copy(self, definition: AppDefinition) -> Path:
        """Copy the app into the home and return the copy's folder."""

    def definition(self, installation: Installation) -> AppDefinition:
        """Return the manifest, forms and schema of the version that an installation has."""

    def check_code(self, installation: Installation) -> None:
        """Import every class that the manifest names. Raises EntryPointInvalid."""

    def apply_schema(self, account: str, definition: AppDefinition) -> None:
        """Make the account's ODP know the app's objects and fields."""

    def call(self, installation: Installation, hook: str, *arguments: Any) -> Any:
        """Call a method of the app's Lifecycle on behalf of the installation."""

    def call_noting(self, installation: Installation, hook: str, *arguments: Any) -> Any:
        """Call a hook, and note what it changes here; runs that it starts wait."""

    def put_back(self, installation: Installation) -> None:
        """Put back what the hooks of this transition changed, and end the runs they started."""

    def keep_changes(self, installation: Installation) -> None:
        """Let what the hooks of this transition changed stay, and the runs they started begin."""

    def archive(self, installation: Installation) -> Path:
        """Write what an installation has into a file from which it can be restored."""

    def drop_archives(self, installation: Installation) -> None:
        """Delete the archives of an installation."""

    def notify(self, installation: Installation, title: str, summary: str) -> None:
        """Tell the people whose account it is of something that went wrong."""

    def jobs_of(self, installation: Installation) -> JobsPort:
        """Return the runs and schedules of an installation."""

    def together(self) -> AbstractContextManager[object]:
        """Store all changes of a block, or none of them."""


@dataclass(frozen=True, slots=True)
class Transitions:
    """The ports of the lifecycle, and the steps that several transitions take."""

    host: AppHost
    installations: InstallationRepository
    runs: RunRepository
    schedules: ScheduleRepository
    vault: SecretVault
    history: HistoryRepository
    clock: Clock

    @contextmanager
    def recorded(
        self, installation: Installation, action: str, *, aim: str, undo: Callable[[], object]
    ) -> Iterator[None]:
        """Keep in the history that it began, and on failure, which is undone, why."""
        self.history.record(installation, action, outcome="begun", message=aim)
        try:
            yield
        except BaseException as error:
            # Also after Ctrl-C, for which an app that waits for a service is a likely place.
            undo()
            self.history.record(installation, action, outcome="failed", message=reason(error))
            if isinstance(error, MooringError):
                error.hint = f"{UNDONE} {error.hint}".strip()
            raise

    def accepted(
        self, installation: Installation, hook: str, *arguments: Any, for_good: bool = False
    ) -> None:
        """Call a hook that answers with a LifecycleResult; a no or an exception is a failure.

        What it changes is noted, so that it can be put back, unless it is ``for_good``.
        """
        call = self.host.call if for_good else self.host.call_noting
        app_id = installation.app_id
        for pause in (*AGAIN_AFTER, None):
            result = call(installation, hook, *arguments)
            if not isinstance(result, LifecycleResult):
                raise wrong_answer(app_id, hook, result, expected="a LifecycleResult")
            if result.success:
                return
            if not result.retryable or pause is None:
                break
            self.clock.sleep(pause)
        raise LifecycleFailed(
            f"{hook} of {app_id} refused: {result.message or 'it gave no reason'}"
        )

    def add_endpoints(self, installation: Installation, definition: AppDefinition) -> None:
        """Give every function of an installation its address; those that have one keep it."""
        for name in addressed(definition):
            self.installations.add_endpoint(installation.install_id, installation.app_id, name)

    def forget(self, installation: Installation) -> None:
        """Delete an installation with all that it has."""
        self.vault.delete_all(installation.owner)
        self.schedules.remove(installation.install_id)
        self.installations.remove(installation.install_id)


def addressed(definition: AppDefinition) -> list[str]:
    """Name the functions that have an address of their own in each installation."""
    return [
        name
        for name, entry in definition.manifest.functions.items()
        if entry.has_address and not (entry.is_global or entry.resolved_by)
    ]


def reason(error: BaseException) -> str:
    """Say in a sentence why something failed."""
    if isinstance(error, MooringError):
        return f"{error.where}: {error.message}" if error.where else error.message
    return "interrupted" if isinstance(error, KeyboardInterrupt) else in_words(error)
