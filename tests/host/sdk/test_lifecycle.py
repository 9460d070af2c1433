import asyncio
import inspect
from typing import Any

import pytest

from mooring.errors import SettingsRefused
from mooring.sdk import Lifecycle, LifecycleResult, LifecycleSettingsResult, Request
from mooring.sdk.lifecycle import NO_OAUTH, CanUninstallResult


class Smallest(Lifecycle):
    def on_install(self) -> LifecycleResult:
        return LifecycleResult(success=True)

    async def on_settings_form(
        self, section: str, action: str, form_data: dict[str, Any]
    ) -> LifecycleSettingsResult:
        return LifecycleSettingsResult().add_toast("success", f"{section} {action}")


@pytest.fixture
def lifecycle() -> Smallest:
    return Smallest()


def test_install_and_settings_are_the_apps_own_to_answer() -> None:
    assert Lifecycle.__abstractmethods__ == {"on_install", "on_settings_form"}


def test_a_hook_may_be_a_coroutine(lifecycle: Smallest) -> None:
    answer = lifecycle.on_settings_form("auth", "save", {})
    assert inspect.iscoroutine(answer)
    assert asyncio.run(answer).ok


@pytest.mark.parametrize("hook", ["on_upgrade", "on_finalize_upgrade"])
def test_an_upgrade_succeeds_by_default(hook: str, lifecycle: Smallest) -> None:
    assert getattr(lifecycle, hook)("0.9.0") == LifecycleResult(success=True)


@pytest.mark.parametrize("hook", ["on_after_upgrade", "on_uninstall"])
def test_the_other_hooks_succeed_by_default(hook: str, lifecycle: Smallest) -> None:
    assert getattr(lifecycle, hook)() == LifecycleResult(success=True)


def test_an_app_can_be_uninstalled_by_default(lifecycle: Smallest) -> None:
    assert lifecycle.can_uninstall() == CanUninstallResult(uninstallable=True)


def test_an_app_without_oauth_says_so_when_it_is_asked(lifecycle: Smallest) -> None:
    answer = lifecycle.on_authorization_request("auth", {})
    assert isinstance(answer, LifecycleSettingsResult)
    assert not answer.ok
    assert answer.to_json("auth")["toasts"] == [{"intent": "danger", "message": NO_OAUTH}]


def test_an_app_without_oauth_says_so_when_a_grant_arrives(lifecycle: Smallest) -> None:
    answer = lifecycle.on_authorization_grant(Request("GET"))
    assert not answer.ok  # type: ignore[union-attr]  # the default is a plain method


def test_an_app_that_reads_no_settings_file_says_so(lifecycle: Smallest) -> None:
    with pytest.raises(SettingsRefused, match="does not read a settings file"):
        lifecycle.on_settings_file({})
