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


def test_functions_are_reached_below_the_public_address(installed: Program) -> None:
    public = "https://hooks.example.com/base/"
    urls = installed.ok("functions", APP, "--json", MOORING_PUBLIC_URL=public).json
    assert urls["hello"].startswith(f"https://hooks.example.com/base/functions/{APP}/hello/")
