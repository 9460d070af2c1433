"""What is installed, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Program
from tests.host.cli.conftest import APP


def test_apps_of_all_accounts_are_shown_unless_one_is_named(cli: Program, app: Path) -> None:
    for account in ("first", "second"):
        cli.ok("install", str(app), "--account", account)
    shown = cli.ok("apps", "--json").json
    assert {each["account"] for each in shown} == {"first", "second"}
    (only,) = cli.ok("apps", APP, "--account", "second", "--json").json
    assert (only["app_id"], only["account"]) == (APP, "second")
    assert cli.ok("apps", "--account", "third", "--json").json == []


@pytest.mark.parametrize(
    "address", ["hooks.example.com", "ftp://a.b", "https://", "https://a.b/?c=d", "https://u:p@a.b"]
)
def test_a_public_address_that_is_none_is_refused(cli: Program, address: str) -> None:
    answer = cli("apps", MOORING_PUBLIC_URL=address)
    assert answer.status == 78
    assert "MOORING_PUBLIC_URL" in answer.err


def test_an_app_that_was_uninstalled_says_how_it_comes_back(installed: Program) -> None:
    archive = installed.ok("uninstall", APP, "--json").json["archive"]
    answer = installed("apps", APP)
    assert answer.status == 66
    assert f"{APP} was uninstalled from account local." in answer.err
    assert f"mooring restore {archive}" in answer.err
    assert "was uninstalled" not in installed("apps", APP, "--account", "other").err
    installed.ok("uninstall", APP, "--purge")
    assert "is not installed" in installed("apps", APP).err


def test_an_upgrade_that_did_not_finish_is_told_where_one_looks(
    installed: Program, app: Path
) -> None:
    module = app / "src/lifecycle/lifecycle.py"
    hook = "\n    def on_after_upgrade(self):\n        return LifecycleResult(success=False)\n"
    module.write_text(module.read_text("utf-8") + hook, "utf-8")
    assert installed("upgrade", str(app)).status == 1
    said = "the new version serves, but its on_after_upgrade has not succeeded"
    for command in (("apps",), ("apps", APP)):
        shown = installed.ok(*command).out
        assert said in shown
        assert "repeat `mooring upgrade PATH`" in shown
    findings = installed("doctor", "--json").json["findings"]
    (found,) = [f for f in findings if "is not finished" in f["found"]]
    assert (found["ok"], "mooring upgrade PATH" in found["fix"]) == (False, True)


def test_the_address_of_all_accounts_is_counted_with_the_others(cli: Program, app: Path) -> None:
    manifest = app / "app.yml"
    entry = "    entry_point: Hello\n"
    rule = "    installation_resolution: {type: HEADER, key: X-Account}\n"
    text = manifest.read_text("utf-8").replace(entry, f"{entry}{rule}    verify: github\n")
    manifest.write_text(text, "utf-8")
    said = cli.ok("install", str(app)).out
    assert f"/functions/{APP}/hello  (header X-Account: the account)" in said
    assert "Answered with 503 until there is a secret to check senders with: hello" in said
    assert f"  mooring secrets {APP} set hello_signature\n" in said
    (shown,) = cli.ok("apps", APP, "--json").json
    assert shown["urls"] == 1


def test_functions_are_reached_below_the_public_address(installed: Program) -> None:
    public = "https://hooks.example.com/base/"
    urls = installed.ok("functions", APP, "--json", MOORING_PUBLIC_URL=public).json
    assert urls["hello"].startswith(f"https://hooks.example.com/base/functions/{APP}/hello/")
