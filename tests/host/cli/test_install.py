"""Installing and uninstalling through the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import Program
from tests.host.cli.conftest import APP


def test_installing_answers_with_addresses_and_schedules(cli: Program, app: Path) -> None:
    said = cli.ok("install", str(app), "--json").json
    assert (said["app_id"], said["account"], said["state"]) == (APP, "local", "installed")
    assert said["functions"]["hello"].startswith(f"http://127.0.0.1:8080/functions/{APP}/hello/")
    assert said["schedules"][0]["job"] == "tidy"
    assert said["schedules"][0]["next_at"] is not None


def test_the_same_app_goes_once_into_an_account_and_also_into_another(
    installed: Program, app: Path
) -> None:
    again = installed("install", str(app))
    assert again.status == 75
    assert "already installed" in again.err
    installed.ok("install", str(app), "--account", "second")
    accounts = {each["account"] for each in installed.ok("apps", "--json").json}
    assert accounts == {"local", "second"}


def test_a_refusing_on_install_leaves_nothing_behind(cli: Program, app: Path) -> None:
    path = app / "src/lifecycle/lifecycle.py"
    text = path.read_text("utf-8")
    assert "success=True" in text
    path.write_text(text.replace("success=True", 'success=False, message="no licence"'), "utf-8")
    answer = cli("install", str(app))
    assert answer.status == 1
    assert "no licence" in answer.err
    assert "undone" in answer.err
    assert cli.ok("apps", "--json").json == []
    path.write_text(text, "utf-8")
    cli.ok("install", str(app))


def test_an_installation_that_was_cut_off_is_cleared_away_by_the_next_command(
    cli: Program, app: Path
) -> None:
    path = app / "src/lifecycle/lifecycle.py"
    text = path.read_text("utf-8")
    hangs = "import time\n        time.sleep(60)\n        return LifecycleResult(success=True)"
    path.write_text(text.replace("return LifecycleResult(success=True)", hangs, 1), "utf-8")
    command = [sys.executable, "-m", "mooring", "install", str(app)]
    with subprocess.Popen(command, env=cli.environment, stderr=subprocess.DEVNULL) as process:
        while not cli.ok("apps", "--json").json:
            assert process.poll() is None
        meanwhile = cli("install", str(app))
        process.kill()
    assert meanwhile.status == 75
    assert "Another process installs, upgrades or removes greeter" in meanwhile.err
    assert cli.ok("apps", "--json").json == []
    path.write_text(text, "utf-8")
    cli.ok("install", str(app))
    (shown,) = cli.ok("apps", "--json").json
    assert shown["state"] == "installed"


def test_an_exception_in_on_install_is_one_sentence(cli: Program, app: Path) -> None:
    path = app / "src/lifecycle/lifecycle.py"
    text = path.read_text("utf-8")
    path.write_text(text.replace("return LifecycleResult(success=True)", "return 1 / 0"), "utf-8")
    answer = cli("install", str(app))
    assert answer.status == 1
    assert "on_install of greeter failed: ZeroDivisionError" in answer.err
    assert "undone" in answer.err
    assert "ZeroDivisionError" in cli.ok("logs", "--json", "--level", "error").out
    assert "Traceback" not in answer.err
    assert cli.ok("apps", "--json").json == []


def test_an_installation_does_not_depend_on_the_authors_folder(
    installed: Program, app: Path
) -> None:
    for path in (app / "src").rglob("*.py"):
        path.write_text("this is no Python", "utf-8")
    answer = installed.ok("functions", "invoke", APP, "hello", "--body", '{"name": "Ada"}')
    assert "Ada" in answer.out


def test_uninstalling_takes_it_away(installed: Program) -> None:
    installed.ok("uninstall", APP)
    assert installed.ok("apps", "--json").json == []
    gone = installed("functions", APP)
    assert gone.status == 66


def test_an_app_that_cannot_say_whether_it_may_go_stays(cli: Program, app: Path) -> None:
    path = app / "src/lifecycle/lifecycle.py"
    hook = "\n    def can_uninstall(self):\n        return True\n"
    path.write_text(path.read_text("utf-8") + hook, "utf-8")
    cli.ok("install", str(app))
    answer = cli("uninstall", APP)
    assert answer.status == 1
    assert "can_uninstall of greeter returned bool, not a CanUninstallResult" in answer.err
    assert [each["state"] for each in cli.ok("apps", "--json").json] == ["installed"]


def test_an_app_for_node_is_sent_to_be_ported(cli: Program, app: Path) -> None:
    manifest = app / "app.yml"
    text = manifest.read_text("utf-8").replace("runtime: python3.11", "runtime: node22")
    manifest.write_text(text, "utf-8")
    answer = cli("install", str(app))
    assert answer.status == 1
    assert "The app is written for node22; Mooring runs Python." in answer.err
    assert f"mooring port {app} DIR" in answer.err
    assert cli.ok("apps", "--json").json == []
