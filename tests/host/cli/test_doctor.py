"""The doctor finds what is wrong and says how it is mended."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from mooring.adapters.secrets.master_key import MasterKey
from tests.conftest import ROOT, Program
from tests.host.cli.conftest import APP


def findings(program: Program, *arguments: str, **environment: str) -> dict[str, dict[str, object]]:
    answer = program("doctor", "--json", *arguments, **dict[str, Any](environment))
    return {finding["check"]: finding for finding in answer.json["findings"]}


def test_a_sound_home_is_in_order(installed: Program) -> None:
    found = findings(installed)
    assert all(found[check]["ok"] for check in ("python", "home", "database", "secrets"))
    assert "encrypted" in str(found["secrets"]["found"])
    assert found[f"app {APP} (local)"]["ok"]


def test_a_home_that_cannot_be_made_is_found(cli: Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = cli("doctor", "--home", str(tmp_path / "file" / "home"))
    assert answer.status == 1
    assert "BAD  home" in answer.out
    assert "--home" in answer.out


def test_another_secret_store_than_the_recorded_one_is_found(installed: Program) -> None:
    found = findings(installed, MOORING_SECRETS="keyring")
    assert not found["secrets"]["ok"]
    assert "encrypted" in str(found["secrets"]["found"])


def test_a_lost_master_key_is_found(installed: Program) -> None:
    installed.ok("secrets", APP, "set", "token=-", stdin="canary-17\n")
    (installed.home / "master.key").unlink()
    found = findings(installed)
    assert not found["secrets"]["ok"]
    assert found["secrets"]["fix"]


def test_broken_app_code_is_found_with_its_line(installed: Program) -> None:
    root = next((installed.home / "apps" / APP).iterdir())
    (root / "src/jobs/tidy.py").write_text("import nothing_of_this_name\n", "utf-8")
    found = findings(installed)[f"app {APP} (local)"]
    assert not found["ok"]
    assert "src/jobs/tidy.py:1" in str(found["found"])


def test_a_damaged_master_key_is_to_be_put_back_not_made_anew(installed: Program) -> None:
    installed.ok("secrets", APP, "set", "token=-", stdin="canary-17\n")
    (installed.home / "master.key").write_text("damaged\n", "ascii")
    found = findings(installed)["secrets"]
    assert not found["ok"]
    assert "former key" in str(found["fix"])
    assert "openssl" not in str(found["fix"])


def test_the_store_says_why_it_is_that_one_and_the_key_where_it_is(installed: Program) -> None:
    found = findings(installed)
    assert "chosen because MOORING_SECRETS said so" in str(found["secrets"]["found"])
    key = str(found["master key"]["found"])
    assert str(installed.home / "master.key") in key
    assert "0600" in key
    assert "the first of all" in key
    installed.ok("secrets", "rotate")
    assert "since 20" in str(findings(installed)["master key"]["found"])


def test_secrets_are_told_with_their_ages_and_old_and_short_ones_to_be_renewed(
    installed: Program,
) -> None:
    for name, value in (("old", "canary-17"), ("new", "canary-18"), ("pin", "1234")):
        installed.ok("secrets", APP, "set", f"{name}=-", stdin=f"{value}\n")
    with sqlite3.connect(installed.home / "mooring.sqlite") as database:
        database.execute(
            "UPDATE secret_names SET changed_at = changed_at - ? WHERE name = 'secrets/old'",
            (200 * 86_400_000_000,),
        )
    found = findings(installed)[f"secrets of {APP} (local)"]
    assert found["ok"]
    assert "old 200 days" in str(found["found"])
    assert "new today" in str(found["found"])
    assert "time to renew: old." in str(found["fix"])
    assert "Too short to be hidden in logs: pin." in str(found["fix"])
    assert "canary" not in str(found)


def test_a_rotation_that_was_interrupted_is_found(installed: Program) -> None:
    key = installed.home / "master.key"
    key.write_text(f"{MasterKey.make().text}\n{key.read_text()}", "ascii")
    found = findings(installed)["master key"]
    assert not found["ok"]
    assert "mooring secrets rotate" in str(found["fix"])
    assert installed.ok("secrets", "rotate", "--json").json["resumed"]
    assert findings(installed)["master key"]["ok"]


def test_a_former_key_that_will_soon_open_nothing_is_found(cli: Program, tmp_path: Path) -> None:
    former, new = MasterKey.make(), MasterKey.make()
    (tmp_path / "new.key").write_text(new.text, "ascii")
    findings(cli, MOORING_MASTER_KEY=former.text)
    cli.ok(
        *("secrets", "rotate", "--new-key-file", str(tmp_path / "new.key")),
        MOORING_MASTER_KEY=former.text,
    )
    late = findings(cli, MOORING_MASTER_KEY=former.text)["master key"]
    assert not late["ok"]
    assert "Only the former key is given here" in str(late["fix"])
    (tmp_path / "new.key").chmod(0o644)
    in_time = findings(cli, MOORING_MASTER_KEY=new.text)["master key"]
    assert in_time["ok"]
    assert "--finish" in str(in_time["fix"])
    cli.ok("secrets", "rotate", "--finish", MOORING_MASTER_KEY=new.text)
    exposed = findings(cli, MOORING_MASTER_KEY_FILE=str(tmp_path / "new.key"))["master key"]
    assert exposed["ok"]
    assert "chmod 600" in str(exposed["fix"])


def test_functions_that_nobody_can_send_to_yet_are_told(cli: Program) -> None:
    cli.ok("install", str(ROOT))
    check = "webhooks of optimizely_connector (local)"
    found = findings(cli)[check]
    assert found["ok"]
    assert "optimizely_webhook" in str(found["found"])
    secret = "optimizely_webhook_signature"
    assert f"mooring secrets optimizely_connector set {secret}" in str(found["fix"])
    cli.ok("secrets", "optimizely_connector", "set", f"{secret}=-", stdin="wh-canary-17\n")
    assert check not in findings(cli)
