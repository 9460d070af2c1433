"""What does an app answer when it is installed, configured, upgraded and removed?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mooring.errors import SettingsRefused
from mooring.sdk.calling import MaybeAwaitable
from mooring.sdk.results import AuthorizationGrantResult, LifecycleSettingsResult
from mooring.sdk.webhook import Request

NO_OAUTH = "This app does not use OAuth."


@dataclass(frozen=True, slots=True)
class LifecycleResult:
    """Whether a hook succeeded; ``retryable`` asks the host to call it again."""

    success: bool
    message: str = ""
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class CanUninstallResult:
    """Whether the app may be removed now, and if not, why."""

    uninstallable: bool
    message: str = ""


class Lifecycle(ABC):
    """The app's hooks; every one may be ``def`` or ``async def``. An exception is a failure.

    ``settings_file_variables`` names values that a settings file may leave to the environment:
    dotted place in the document → name of the variable.
    """

    settings_file_variables: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def on_install(self) -> MaybeAwaitable[LifecycleResult]:
        """Get ready, once, before anything else runs; a failure undoes the install."""

    @abstractmethod
    def on_settings_form(
        self, section: str, action: str, form_data: dict[str, Any]
    ) -> MaybeAwaitable[LifecycleSettingsResult]:
        """Check and store a submitted section; the host stores nothing by itself."""

    def on_settings_file(
        self, document: Mapping[str, Any]
    ) -> MaybeAwaitable[Mapping[str, Mapping[str, Any]]]:
        """Turn a configuration file into ``{section: values}`` for the form.

        Raises SettingsRefused when the file cannot be understood.
        """
        raise SettingsRefused(
            "This app does not read a settings file.",
            hint="Set single values with `mooring settings APP_ID SECTION --set KEY=VALUE`.",
        )

    def on_authorization_request(
        self, section: str, form_data: dict[str, Any]
    ) -> MaybeAwaitable[LifecycleSettingsResult]:
        """Redirect to the provider's consent page; called when an ``oauth_button`` is pressed."""
        return LifecycleSettingsResult().add_toast("danger", NO_OAUTH)

    def on_authorization_grant(self, request: Request) -> MaybeAwaitable[AuthorizationGrantResult]:
        """Exchange the provider's code, which is in ``request.params``."""
        return AuthorizationGrantResult().add_toast("danger", NO_OAUTH)

    def on_upgrade(self, from_version: str) -> MaybeAwaitable[LifecycleResult]:
        """Prepare while the old version still serves; repeatable, and it must not break the old."""
        return LifecycleResult(success=True)

    def on_finalize_upgrade(self, from_version: str) -> MaybeAwaitable[LifecycleResult]:
        """Finish once the new addresses exist; a failure switches back."""
        return LifecycleResult(success=True)

    def on_after_upgrade(self) -> MaybeAwaitable[LifecycleResult]:
        """Start one-off work now that the new version serves."""
        return LifecycleResult(success=True)

    def can_uninstall(self) -> MaybeAwaitable[CanUninstallResult]:
        """Say whether the app may be removed now."""
        return CanUninstallResult(uninstallable=True)

    def on_uninstall(self) -> MaybeAwaitable[LifecycleResult]:
        """Clean up outside; return success for faults that do not matter."""
        return LifecycleResult(success=True)
