"""Secrets through the command line: set from stdin or a file, listed by name, never shown."""

from __future__ import annotations

from tests.conftest import Program
from tests.host.cli.conftest import APP

CANARY = "canary-4f2a9c"


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
