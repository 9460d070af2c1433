"""What is one app installed into one account? Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class InstallationState(StrEnum):
    """Where an installation stands in its life."""

    INSTALLING = "installing"
    INSTALLED = "installed"
    NEEDS_ATTENTION = "needs_attention"
    UPGRADING = "upgrading"
    UNINSTALLING = "uninstalling"
    UNINSTALLED = "uninstalled"


# Its functions are called, its schedules start runs, and who comes back from a provider is let in.
SERVING = frozenset(
    {
        InstallationState.INSTALLED,
        InstallationState.NEEDS_ATTENTION,
        InstallationState.UPGRADING,  # one of its versions serves all the time
    }
)


@dataclass(frozen=True, slots=True)
class Attention:
    """Credentials that are accepted no more: where they are renewed, and what was said."""

    section: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AppVersion:
    """A version of an app and the host's own copy of its folder."""

    version: str
    root: Path


class UpgradePhase(StrEnum):
    """How far an upgrade has come."""

    PREPARING = "preparing"  # the former version serves
    SWITCHED = "switched"  # the new version serves, and may still refuse
    AFTERWARDS = "afterwards"  # the new version stays; on_after_upgrade has not succeeded yet


@dataclass(frozen=True, slots=True)
class Upgrade:
    """From what to what an installation is on its way, and how far it has come."""

    before: AppVersion
    after: AppVersion
    phase: UpgradePhase

    @property
    def is_open(self) -> bool:
        """Whether it can still be called off."""
        return self.phase is not UpgradePhase.AFTERWARDS


@dataclass(frozen=True, slots=True)
class Installation:
    """One app version bound to one account; ``root`` is the host's own copy of the app folder.

    ``accepted`` says when each section of its form was last saved without errors.
    """

    install_id: int
    app_id: str
    account: str
    version: str
    root: Path
    state: InstallationState
    installed_at: datetime
    updated_at: datetime
    upgrade: Upgrade | None = None
    attentions: tuple[Attention, ...] = ()
    accepted: Mapping[str, datetime] = field(default_factory=dict, hash=False)

    @property
    def attention(self) -> Attention | None:
        """What somebody has to look at first."""
        return self.attentions[0] if self.attentions else None

    @property
    def owner(self) -> str:
        """Under whose name its records and secrets are kept."""
        return owner_of(self.install_id)

    @property
    def shared_owner(self) -> str:
        """Under whose name is kept what all installations of the app share."""
        return f"app/{self.app_id}"

    @property
    def log_fields(self) -> dict[str, str | int]:
        """What a line of the log about it carries."""
        return {"app_id": self.app_id, "account": self.account, "install_id": self.install_id}

    def at(self, wanted: AppVersion) -> Installation:
        """Return the same installation with another version's code."""
        return replace(self, version=wanted.version, root=wanted.root)

    @property
    def app(self) -> str:
        """Whose code runs, in the words of the hooks: ``app_id@version-digest``."""
        return f"{self.app_id}@{self.root.name}"


def owner_of(install_id: int) -> str:
    """Name the owner under which an installation's records and secrets are kept."""
    return f"install/{install_id}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A function's address: its UUID is the only thing a caller needs to know."""

    uuid: str
    install_id: int
    app_id: str
    function: str
    removed_at: datetime | None = None


def plans_owner_of(install_id: int) -> str:
    """Name the owner under which plans of an installation's jobs are kept, out of its reach."""
    return f"plans/{install_id}"
