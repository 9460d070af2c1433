"""Secrets through the command line: set from stdin or a file, listed by name, never shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import Program
from tests.host.cli.conftest import APP

CANARY = "canary-4f2a9c"
FORMER = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
NEW = "8f1d0d4c6bb4c1f0a7a1f1e4b1f4a8b05c5f5d0c9e8b7a6f5e4d3c2b1a098877"


def opened(program: Program, **given: Any) -> Host:
    return Host.open(replace(HostConfig(home=program.home, secrets="encrypted"), **given))


def stored(program: Program, *, master_key: str | None = None) -> dict[str, Any]:
    """Return the record of the one secret that there is."""
    with opened(program, master_key=master_key) as host:
        secrets = host.secrets(host.installation(APP))
        ((name, _),) = secrets.names()
        return dict(secrets.get(name))


def test_a_secret_comes_from_stdin_and_only_its_name_comes_back(installed: Program) -> None:
    said = installed.ok("secrets", APP, "set", "hook_signature=-", stdin=f"{CANARY}\n")
    listed = installed.ok("secrets", APP, "--json")
    assert [each["name"] for each in listed.json] == ["hook_signature"]
    assert CANARY not in said.out + said.err + listed.out
    kept = b"".join(p.read_bytes() for p in installed.home.rglob("*") if p.is_file())
    assert CANARY.encode() not in kept


def test_a_secret_comes_from_a_file(installed: Program) -> None:
    path = installed.home.parent / "secret.txt"
    path.write_text(CANARY, "utf-8")
    installed.ok("secrets", APP, "set", f"token=@{path}")
    installed.ok("secrets", APP, "rm", "token")
    assert installed.ok("secrets", APP, "--json").json == []


def test_a_value_on_the_command_line_is_refused(installed: Program) -> None:
    answer = installed("secrets", APP, "set", f"token={CANARY}")
    assert answer.status == 2
    assert "token=-" in answer.err
    assert CANARY not in answer.err


def test_removing_what_is_not_there_says_so(installed: Program) -> None:
    answer = installed("secrets", APP, "rm", "token")
    assert answer.status == 66
    assert "has no secret token" in answer.err


def test_an_empty_value_is_refused(installed: Program) -> None:
    answer = installed("secrets", APP, "set", "token=-", stdin="\n")
    assert answer.status == 2
    assert "nothing was stored" in answer.err
    assert installed.ok("secrets", APP, "--json").json == []


# -- a second value beside the first


def test_a_former_value_stays_valid_beside_the_new_one(installed: Program) -> None:
    installed.ok("secrets", APP, "set", "hook_signature=-", stdin="first-value\n")
    said = installed.ok("secrets", APP, "set", "hook_signature=-", "--add", stdin=f"{CANARY}\n")
    assert "The former value is valid beside it." in said.out
    (listed,) = installed.ok("secrets", APP, "--json").json
    assert listed["values"] == 2
    assert stored(installed) == {"values": [CANARY, "first-value"]}


def test_of_former_values_the_last_one_alone_is_kept(installed: Program) -> None:
    for value in ("first-value", "second-value", "third-value"):
        installed.ok("secrets", APP, "set", "hook_signature=-", "--add", stdin=f"{value}\n")
    assert stored(installed) == {"values": ["third-value", "second-value"]}
    installed.ok("secrets", APP, "rm", "hook_signature", "--former")
    assert stored(installed) == {"value": "third-value"}
    answer = installed("secrets", APP, "rm", "hook_signature", "--former")
    assert answer.status == 66
    assert f"To remove it all: mooring secrets {APP} rm hook_signature" in answer.err


def test_setting_a_value_without_add_replaces_both(installed: Program) -> None:
    for value in ("first-value", "second-value"):
        installed.ok("secrets", APP, "set", "hook_signature=-", "--add", stdin=f"{value}\n")
    installed.ok("secrets", APP, "set", "hook_signature=-", stdin="third-value\n")
    assert stored(installed) == {"value": "third-value"}


def test_the_same_value_is_no_second_one(installed: Program) -> None:
    installed.ok("secrets", APP, "set", "hook_signature=-", stdin="first-value\n")
    answer = installed("secrets", APP, "set", "hook_signature=-", "--add", stdin="first-value\n")
    assert answer.status == 75
    assert "has this value already" in answer.err
    assert stored(installed) == {"value": "first-value"}


def test_what_an_app_keeps_in_its_own_way_gets_no_second_value(installed: Program) -> None:
    with opened(installed) as host:
        host.secrets(host.installation(APP)).put("hook_signature", {"access_token": "at-1234"})
    answer = installed("secrets", APP, "set", "hook_signature=-", "--add", stdin="new-value\n")
    assert answer.status == 75
    assert stored(installed) == {"access_token": "at-1234"}
    assert installed.ok("secrets", APP, "--json").json[0]["values"] == 1


def test_a_value_too_short_to_be_hidden_is_told(installed: Program) -> None:
    said = installed.ok("secrets", APP, "set", "pin=-", stdin="12345\n")
    assert "so short that it cannot be hidden" in said.err
    assert "12345" not in said.err + said.out


def test_the_history_names_the_key_and_never_the_value(installed: Program) -> None:
    installed.ok("secrets", APP, "set", "token=-", stdin=f"{CANARY}\n")
    installed.ok("secrets", APP, "rm", "token")
    with opened(installed) as host:
        entries = [e for e in host.history.of(app_id=APP) if e.action == "secrets"]
    assert [entry.message for entry in entries] == ["rm token", "set token"]


# -- a new master key


def test_the_home_rotates_its_own_key(installed: Program) -> None:
    installed.ok("secrets", APP, "set", "token=-", stdin=f"{CANARY}\n")
    before = (installed.home / "master.key").read_text()
    done = installed.ok("secrets", "rotate", "--json").json
    assert (done["secrets"] >= 1, done["resumed"], done["former_key_until"]) == (True, False, None)
    after = (installed.home / "master.key").read_text()
    assert before != after
    assert before.strip() not in json.dumps(done)
    assert stored(installed) == {"value": CANARY}
    with opened(installed) as host:
        messages = [entry.message for entry in host.history.of(app_id=APP)]
    assert any(message.startswith("rotate: ") for message in messages)


def test_a_key_from_outside_is_rotated_with_a_new_one_from_outside(
    cli: Program, app: Path, tmp_path: Path
) -> None:
    cli.environment["MOORING_MASTER_KEY"] = FORMER
    cli.ok("install", str(app))
    cli.ok("secrets", APP, "set", "token=-", stdin=f"{CANARY}\n")
    refused = cli("secrets", "rotate")
    assert refused.status == 78
    assert "--new-key-file" in refused.err
    (tmp_path / "new.key").write_text(f"{NEW}\n")
    said = cli.ok("secrets", "rotate", "--new-key-file", str(tmp_path / "new.key"))
    assert "still opens the secrets until" in said.out
    assert "MOORING_MASTER_KEY" in said.out
    cli.ok("secrets", APP)
    early = cli("secrets", "rotate", "--finish")
    assert early.status == 75
    assert "the former key is still given" in early.err
    cli.environment["MOORING_MASTER_KEY"] = NEW
    cli.ok("secrets", "rotate", "--finish")
    assert stored(cli, master_key=NEW) == {"value": CANARY}
    assert cli("secrets", APP, MOORING_MASTER_KEY=FORMER).status == 78


def test_the_new_key_may_come_from_stdin_and_is_repeated_nowhere(cli: Program, app: Path) -> None:
    cli.environment["MOORING_MASTER_KEY"] = FORMER
    cli.ok("install", str(app))
    bad = cli("secrets", "rotate", "--new-key-file", "-", stdin=f"{NEW}x\n")
    assert bad.status == 78
    done = cli.ok("secrets", "rotate", "--new-key-file=-", "--grace", "2", "--json", stdin=NEW)
    assert done.json["former_key_until"]
    assert NEW not in done.out + done.err + bad.err


def test_rotate_is_never_an_apps_name(installed: Program) -> None:
    asked = installed("secrets", "list", "rotate")
    assert asked.status == 66
    assert "rotate is not installed" in asked.err
    answer = installed("secrets", "rotate", "set", "token")
    assert answer.status == 2
    assert "mooring secrets list rotate" in answer.err
    assert installed("secrets", "set", "rotate", "token=-", stdin="new-value\n").status == 66


def test_an_option_where_it_means_nothing_is_refused(cli: Program) -> None:
    for words in (
        ("rotate", "--add"),
        (APP, "--finish"),
        (APP, "rm", "token", "--add"),
        (APP, "set", "token=-", "--former"),
        ("rotate", "--grace", "1"),
    ):
        assert cli("secrets", *words).status == 2, words
