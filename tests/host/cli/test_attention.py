"""An app whose credentials are accepted no more, as the people see it who have to mend that."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from mooring.cli.failures import run
from mooring.cli.main import program
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import Answer
from tests.host.cli.conftest import APP

FORM = """\
sections:
  - key: general
    label: General
    elements:
      - {type: text, key: name, label: Name, help: Who you are.}
      - {type: button, label: Save, action: save}
  - key: shop
    label: Shop connection
    elements:
      - {type: secret, key: token, label: Token, help: What lets you in.}
      - {type: button, label: Connect, action: connect}
  - key: mail
    label: Mail connection
    elements:
      - {type: secret, key: key, label: Key, help: What lets you in.}
      - {type: button, label: Save, action: save}
"""
LIFECYCLE = """\
from mooring.sdk import Lifecycle as Base, LifecycleResult, LifecycleSettingsResult, errors, storage


class Lifecycle(Base):
    def on_install(self):
        return LifecycleResult(success=True)

    def on_settings_form(self, section, action, form_data):
        token = form_data.get("token") or storage.settings.get("shop").get("token") or ""
        if section in ("general", "shop") and token.startswith("expired"):
            raise errors.CredentialsRejected("The shop refuses the token.", section="shop")
        storage.settings.put(section, form_data)
        return LifecycleSettingsResult()

    def can_uninstall(self):
        raise errors.CredentialsRejected("The shop refuses the token.", section="shop")
"""
REJECTS = """\
        if self.{where} == "mail":
            raise errors.CredentialsRejected("The mail key is refused.", section="mail")
        raise errors.CredentialsRejected("The shop refuses the token.", hint="Make a new one.")
"""
FUNCTION = (
    "from mooring.sdk import Function, errors\n\n\nclass Hello(Function):\n    def perform(self):\n"
    + REJECTS.format(where="request.text")
)
JOB = (
    "from mooring.sdk import Job, JobStatus, errors\n\n\nclass Tidy(Job):\n"
    "    def prepare(self, params, status=None, resuming=False):\n"
    "        self.about = params.get('about')\n        return JobStatus({})\n\n"
    "    def perform(self, status):\n" + REJECTS.format(where="about")
)
SHOP = {
    "section": "shop",
    "message": "The shop refuses the token.",
    "fix": f"Go to section Shop connection: mooring settings {APP} shop --set token=-",
}


class Here:
    """The program in this process: a walk of many commands need not start Python for each."""

    def __call__(self, *arguments: str, stdin: str = "") -> Answer:
        """Run a command to its end."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            status = run(program, list(arguments))
        return Answer(status, out.getvalue(), err.getvalue())

    def ok(self, *arguments: str, stdin: str = "") -> Answer:
        """Run a command that has to succeed."""
        answer = self(*arguments, stdin=stdin)
        assert answer.status == 0, f"mooring {' '.join(arguments)}: {answer.err or answer.out}"
        return answer


@pytest.fixture
def app(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of an app that always comes too late with its credentials."""
    monkeypatch.setenv("MOORING_HOME", str(home))
    monkeypatch.setenv("MOORING_SECRETS", "encrypted")
    folder = tmp_path / APP
    Here().ok("init", str(folder))
    (folder / "forms/settings.yml").write_text(FORM, "utf-8")
    (folder / "src/lifecycle/lifecycle.py").write_text(LIFECYCLE, "utf-8")
    (folder / "src/functions/hello.py").write_text(FUNCTION, "utf-8")
    (folder / "src/jobs/tidy.py").write_text(JOB, "utf-8")
    return folder


@pytest.fixture
def rejected(app: Path) -> Here:
    """Give the program with that app installed."""
    Here().ok("install", str(app))
    return Here()


def save(cli: Here, section: str, key: str, value: str, *more: str) -> Answer:
    return cli("settings", APP, section, "--set", f"{key}=-", *more, stdin=f"{value}\n")


def sync(cli: Here, **parameters: str) -> Any:
    given = json.dumps(parameters)
    return cli("jobs", "trigger", APP, "tidy", "--parameters", given, "--wait", "--json").json


def state(cli: Here) -> tuple[str, list[str]]:
    (shown,) = cli.ok("apps", APP, "--json").json
    return shown["state"], [each["section"] for each in shown["attention"]]


def told(cli: Here) -> list[tuple[str, str]]:
    shown = cli.ok("notifications", APP, "--json").json
    return [(each["level"], each["title"]) for each in reversed(shown)]


def test_a_job_that_is_rejected_marks_the_installation_once(rejected: Here) -> None:
    assert (sync(rejected)["status"], sync(rejected)["status"]) == ("ERROR", "ERROR")
    (shown,) = rejected.ok("apps", APP, "--json").json
    assert shown["state"] == "needs_attention"
    (attention,) = shown["attention"]
    assert {key: attention[key] for key in SHOP} == SHOP
    assert told(rejected) == [("error", "Shop connection needs your attention")]


def test_every_command_where_one_looks_names_the_section_and_the_command(rejected: Here) -> None:
    run = sync(rejected)
    for command in (("apps",), ("settings", APP), ("jobs", "show", run["run_id"])):
        assert SHOP["fix"] in rejected.ok(*command).out
    doctor = rejected("doctor")
    assert (doctor.status, SHOP["fix"] in doctor.out) == (1, True)
    said = rejected.ok("notifications").out
    assert "ERROR" in said
    assert f"mooring settings {APP} shop" in said


def test_a_function_that_is_rejected_does_the_same(rejected: Here) -> None:
    assert rejected("functions", "invoke", APP, "hello", "--body", "mail").status == 1
    assert state(rejected) == ("needs_attention", ["mail"])


def test_a_hook_that_is_rejected_does_the_same(rejected: Here) -> None:
    assert rejected("uninstall", APP).status == 77
    assert state(rejected) == ("needs_attention", ["shop"])


def test_a_secret_that_was_accepted_once_is_said_to_be_accepted_no_longer(
    rejected: Here,
) -> None:
    assert save(rejected, "shop", "token", "good-token-1", "--action", "save").status == 0
    sync(rejected)
    assert "token: (set, hidden; no longer accepted)" in rejected.ok("settings", APP, "shop").out
    assert "accepted" not in rejected.ok("settings", APP, "mail").out


def test_a_wrong_first_entry_is_refused_and_marks_nothing(rejected: Here) -> None:
    answer = save(rejected, "shop", "token", "expired-from-the-start", "--action", "save")
    assert answer.status == 1
    assert "no longer" not in answer.out
    assert state(rejected) == ("installed", [])
    assert told(rejected) == []


def test_credentials_of_another_section_that_a_save_finds_rejected_are_marked(
    rejected: Here, home: Path
) -> None:
    with Host.open(HostConfig(home=home, secrets="encrypted")) as host:
        installation = host.installation(APP)
        stored = host.invocation(installation, entry_point="test").services.settings
        stored.put("shop", {"token": "expired-since"})
    answer = rejected("settings", APP, "general", "--set", "name=Ada")
    assert answer.status == 1
    assert state(rejected) == ("needs_attention", ["shop"])


def test_a_save_that_enters_nothing_new_finds_what_was_stored_rejected(
    rejected: Here, home: Path
) -> None:
    with Host.open(HostConfig(home=home, secrets="encrypted")) as host:
        invocation = host.invocation(host.installation(APP), entry_point="test")
        invocation.services.settings.put("shop", {"token": "expired-since"})
    assert save(rejected, "shop", "token", "expired-anew", "--action", "save").status == 1
    assert state(rejected) == ("installed", [])
    assert rejected("settings", APP, "shop", "--action", "save").status == 1
    assert state(rejected) == ("needs_attention", ["shop"])


def test_a_save_of_the_section_makes_all_well_and_says_so(rejected: Here) -> None:
    sync(rejected)
    sync(rejected, about="mail")
    assert state(rejected) == ("needs_attention", ["shop", "mail"])
    rejected.ok("settings", APP, "general", "--set", "name=Ada")
    assert save(rejected, "mail", "key", "new-key-1").status == 0
    assert state(rejected) == ("needs_attention", ["shop"])
    assert save(rejected, "shop", "token", "expired-again", "--action", "save").status == 1
    assert state(rejected) == ("needs_attention", ["shop"])
    assert save(rejected, "shop", "token", "good-token-2", "--action", "connect").status == 0
    assert state(rejected) == ("installed", [])
    assert [level for level, _ in told(rejected)] == ["error", "error", "success", "success"]
    assert "mooring settings" not in rejected.ok("apps").out


def test_one_account_is_marked_and_the_other_is_not(rejected: Here, app: Path) -> None:
    rejected.ok("install", str(app), "--account", "acme")
    rejected("jobs", "trigger", APP, "tidy", "--wait", "--account", "acme")
    states = {each["account"]: each["state"] for each in rejected.ok("apps", "--json").json}
    assert states == {"local": "installed", "acme": "needs_attention"}
    assert rejected.ok("notifications", "--account", "local", "--json").json == []
    (entry,) = rejected.ok("notifications", "--account", "acme", "--json").json
    assert entry["details"] == f"mooring settings {APP} shop --set token=- --account acme"
