"""Versions of an app are mounted side by side, and forgotten when nobody calls them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mooring.errors import EntryPointInvalid
from mooring.hosting.mounted_apps import MountedApps
from mooring.loader import NAMESPACE, unmount
from mooring.model.installation import Installation, InstallationState
from mooring.plugin_manager import plugin_manager
from tests.host.apps import App

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def version(folder: Path, number: int) -> Installation:
    """Write a version of an app where the host would keep it."""
    root = folder / f"1.0.{number}-{number:012}"
    App(root).function("hello", f"return Response(200, {number})").finish()
    return Installation(
        number, "shop", "a", f"1.0.{number}", root, InstallationState.INSTALLED, NOW, NOW
    )


def mounted() -> set[str]:
    """Name the packages that these tests have mounted."""
    names = (name for name in sys.modules if name.startswith(f"{NAMESPACE}.shop_0000"))
    return {name.split(".")[1] for name in names}


@pytest.fixture(autouse=True)
def _unmounted() -> Iterator[None]:
    yield
    for name in mounted():
        unmount(f"{NAMESPACE}.{name}")


def test_two_versions_answer_side_by_side(tmp_path: Path) -> None:
    apps = MountedApps(plugin_manager(safe_mode=True))
    first, second = version(tmp_path, 1), version(tmp_path, 2)
    classes = [apps.function_class(each, "hello") for each in (first, second, first)]
    assert classes[0] is classes[2]
    assert classes[0] is not classes[1]
    assert len(mounted()) == 2


def test_a_version_that_nobody_calls_is_forgotten_when_another_comes(tmp_path: Path) -> None:
    apps = MountedApps(plugin_manager(safe_mode=True), idle_seconds=-1)
    first, second = version(tmp_path, 1), version(tmp_path, 2)
    apps.function_class(first, "hello")
    apps.function_class(second, "hello")
    assert mounted() == {"shop_000000000002"}
    assert apps.function_class(first, "hello").__module__.endswith("functions.hello")


def test_a_version_that_a_job_runs_stays(tmp_path: Path) -> None:
    apps = MountedApps(plugin_manager(safe_mode=True), idle_seconds=-1)
    first, second = version(tmp_path, 1), version(tmp_path, 2)
    with apps.in_use(first):
        apps.function_class(first, "hello")
        apps.function_class(second, "hello")
        assert len(mounted()) == 2
    apps.function_class(version(tmp_path, 3), "hello")
    assert mounted() == {"shop_000000000003"}


def test_a_class_that_cannot_be_imported_is_found_before_it_is_called(tmp_path: Path) -> None:
    apps = MountedApps(plugin_manager(safe_mode=True))
    whole = version(tmp_path, 1)
    apps.check(whole)
    other = version(tmp_path, 2)
    (other.root / "src/functions/hello.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(EntryPointInvalid, match="nothing_of_this_name"):
        apps.check(other)
