"""Settings through the command line: shown, set, checked, never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Answer, Program
from tests.host.cli.conftest import APP

TOKEN = "canary/token+41=="
FORM = """\
sections:
  - key: account
    label: Account
    elements:
      - {type: text, key: name, label: Name, help: Who you are.}
      - {type: secret, key: token, label: Token, help: What lets you in.}
      - {type: button, label: Save, action: save}
      - {type: button, label: Forget, action: forget}
"""
KEEPS = "storage.settings.put(section, form_data)"
ANSWERS = 'return result.add_toast("success", "Saved.")'


@pytest.fixture
def written(app: Path) -> Path:
    """Give the lifecycle module of the scaffolded app, whose form asks for a secret."""
    (app / "forms/settings.yml").write_text(FORM, "utf-8")
    return app / "src/lifecycle/lifecycle.py"


def submit(cli: Program, module: Path, *, old: str, new: str, token: str = TOKEN) -> Answer:
    """Install the app with a line of its lifecycle replaced, and submit the secret."""
    text = module.read_text("utf-8")
    assert old in text
    text = text.replace("import Lifecycle as", "import logger, Lifecycle as")
    module.write_text(text.replace(old, new), "utf-8")
    cli.ok("install", str(module.parents[2]))
    return cli("settings", APP, "account", "--set", "token=-", stdin=f"{token}\n")


def test_a_section_is_submitted_and_shown(installed: Program) -> None:
    said = installed.ok("settings", APP, "greeting", "--set", "salutation=Ahoy", "--json").json
    assert said["ok"]
    shown = installed.ok("settings", APP, "--json").json
    assert shown["greeting"]["salutation"] == "Ahoy"


def test_an_unknown_field_is_answered_with_the_nearest_and_stores_nothing(
    installed: Program,
) -> None:
    answer = installed("settings", APP, "greeting", "--set", "saltation=Ahoy")
    assert answer.status == 1
    assert "salutation" in answer.out
    assert installed.ok("settings", APP, "--json").json == {"greeting": {"salutation": "Hello"}}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("sav", "Did you mean save? It has: save, forget."),
        ("authorize", "It has: save, forget."),
    ],
)
def test_an_action_that_no_button_has_is_refused_before_the_app_sees_it(
    cli: Program, app: Path, written: Path, action: str, said: str
) -> None:
    cli.ok("install", str(app))
    answer = cli("settings", APP, "account", "--set", "name=Ada", "--action", action)
    assert (answer.status, answer.out) == (2, "")
    assert f"The section account has no action {action}." in answer.err
    assert said in answer.err
    assert cli.ok("settings", APP, "--json").json == {"account": {}}


def test_a_pressed_button_is_said_to_be_done_and_not_to_have_saved(
    cli: Program, app: Path, written: Path
) -> None:
    cli.ok("install", str(app))
    said = cli.ok("settings", APP, "account", "--action", "forget").out
    assert said == "account: forget done\n  success: Saved.\n"


def test_an_app_that_answers_with_an_error_is_not_said_to_have_saved(
    cli: Program, written: Path
) -> None:
    refuses = 'return result.add_toast("danger", "The shop is closed.")'
    answer = submit(cli, written, old=ANSWERS, new=refuses)
    assert (answer.status, answer.out) == (
        1,
        "account: not accepted\n  danger: The shop is closed.\n",
    )


def test_an_unknown_section_is_answered_with_the_nearest(installed: Program) -> None:
    answer = installed("settings", APP, "greetings")
    assert answer.status == 66
    assert "Did you mean greeting?" in answer.err


def test_set_without_a_section_is_a_usage_error(installed: Program) -> None:
    assert installed("settings", APP, "--set", "salutation=Ahoy").status == 2


def test_an_app_without_a_settings_file_says_so(installed: Program) -> None:
    path = installed.home.parent / "file.yml"
    path.write_text("greeting: {salutation: Ahoy}\n", "utf-8")
    answer = installed("settings", APP, "--file", str(path))
    assert answer.status == 1
    assert "does not read a settings file" in answer.err


def test_a_secret_is_hidden_in_the_log_from_its_first_submission(
    cli: Program, written: Path
) -> None:
    talkative = f'logger.info("got", form=form_data)\n        {KEEPS}'
    assert submit(cli, written, old=KEEPS, new=talkative).status == 0
    log = cli.ok("logs", "--json").out
    assert '"event": "got"' in log
    assert "canary" not in log
    kept = b"".join(p.read_bytes() for p in cli.home.rglob("*") if p.is_file())
    assert b"canary" not in kept
    assert cli.ok("settings", APP, "--json").json["account"]["token"] == {"redacted": True}


def test_what_the_app_answers_repeats_no_secret(cli: Program, written: Path) -> None:
    repeats = 'return result.add_error("token", "No " + form_data["token"]).add_toast('
    repeats += '"danger", "Not " + form_data["token"])'
    answer = submit(cli, written, old=ANSWERS, new=repeats)
    assert answer.status == 1
    assert "account.token: No •••" in answer.out
    assert "danger: Not •••" in answer.out
    assert "canary" not in answer.out + answer.err


def test_an_exception_in_the_form_hook_is_one_sentence_without_secrets(
    cli: Program, written: Path
) -> None:
    answer = submit(cli, written, old=ANSWERS, new='raise RuntimeError(form_data["token"])')
    assert answer.status == 1
    assert "on_settings_form of greeter failed: RuntimeError: •••" in answer.out
    assert "Traceback" not in answer.out + answer.err
    log = cli.ok("logs", "--json", "--level", "error").out
    assert "lifecycle.failed" in log
    assert "Traceback" in log
    assert "canary" not in log


def test_a_form_hook_that_answers_nothing_is_told_what_it_has_to_answer(
    cli: Program, written: Path
) -> None:
    answer = submit(cli, written, old=ANSWERS, new="return None")
    assert answer.status == 1
    assert "returned NoneType, not a LifecycleSettingsResult" in answer.out


def test_a_settings_file_hook_that_answers_nothing_is_told_what_it_has_to_answer(
    cli: Program, app: Path
) -> None:
    module = app / "src/lifecycle/lifecycle.py"
    hook = "\n    def on_settings_file(self, document):\n        return {'greeting': 'Ahoy'}\n"
    module.write_text(module.read_text("utf-8") + hook, "utf-8")
    cli.ok("install", str(app))
    path = cli.home.parent / "file.yml"
    path.write_text("greeting: {salutation: Ahoy}\n", "utf-8")
    answer = cli("settings", APP, "--file", str(path))
    assert answer.status == 1
    assert "on_settings_file of greeter returned dict" in answer.err
