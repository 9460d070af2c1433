"""An app's settings as a person reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.errors import CredentialsRejected
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import Program
from tests.host.cli.conftest import APP

FORM = """\
sections:
  - key: account
    label: Account
    properties: [since]
    elements:
      - {type: text, key: name, label: Name, help: Who you are.}
      - {type: secret, key: token, label: Token, help: What lets you in.}
      - {type: text, key: place, label: Place, help: Where., defaultValue: Here}
      - {type: button, label: Save, action: save}
  - key: shop
    label: Shop
    elements:
      - {type: secret, key: token, label: Token, help: Or a token of your own.}
      - {type: text, key: client_id, label: Client, help: Who the app is.}
      - {type: secret, key: client_secret, label: Secret, help: The secret of the client.}
      - {type: oauth_button, label: Connect, visible: {key: shop.client_id, empty: false}}
"""


@pytest.fixture
def shown(cli: Program, app: Path) -> Program:
    """Give the program with an app installed whose form asks for secrets."""
    (app / "forms/settings.yml").write_text(FORM, "utf-8")
    cli.ok("install", str(app))
    return cli


def reject(home: Path, section: str, **values: str) -> None:
    with Host.open(HostConfig(home=home, secrets="encrypted")) as host:
        stored = host.invocation(host.installation(APP), entry_point="test").services.settings
        stored.put(section, values)
        error = CredentialsRejected("The access has ended.", section=section)
        assert host.attention.raise_for(host.installation(APP), error)


def test_fields_that_nobody_has_set_are_shown_with_what_that_means(shown: Program) -> None:
    assert shown.ok("settings", APP, "account").out == (
        "account:\n  name: (not set)\n  token: (not set)\n  place: (not set, which means Here)\n"
    )


def test_what_is_set_is_shown_in_the_order_of_the_form_and_no_secret(
    shown: Program, home: Path
) -> None:
    with Host.open(HostConfig(home=home, secrets="encrypted")) as host:
        stored = host.invocation(host.installation(APP), entry_point="test").services.settings
        stored.put("account", {"since": "May", "token": "token-1f2e3d", "name": "Ada"})
    assert shown.ok("settings", APP, "account").out == (
        "account:\n  name: Ada\n  token: (set, hidden)\n"
        "  place: (not set, which means Here)\n  since: May\n"
    )


def test_the_secret_that_is_to_be_renewed_is_said_to_be_refused(shown: Program, home: Path) -> None:
    shown.ok("settings", APP, "shop", "--set", "token=-", stdin="token-1f2e3d")
    reject(home, "shop", token="token-1f2e3d", client_secret="of-the-client-1")
    said = shown.ok("settings", APP).out
    assert f"mooring settings {APP} shop --set token=-" in said
    assert "  token: (set, hidden; no longer accepted)\n" in said
    assert "  client_secret: (set, hidden)\n" in said


def test_the_secret_of_a_client_is_not_blamed_for_an_access_that_ended(
    shown: Program, home: Path
) -> None:
    reject(home, "shop", client_id="me", client_secret="of-the-client-1")
    said = shown.ok("settings", APP, "shop").out
    assert (
        f"! The access has ended. Go to section Shop: mooring settings {APP} shop --authorize"
        in said
    )
    assert "client_secret: (set, hidden)\n" in said
