"""The doctor finds what is wrong and says how it is mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conftest import Program
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
