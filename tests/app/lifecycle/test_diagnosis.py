"""Every connection is tried out for itself."""

from __future__ import annotations

from typing import Any

from tests.app.lifecycle.conftest import Connector


def intents(said: dict[str, Any]) -> list[str]:
    return [toast["intent"] for toast in said["toasts"]]


def test_every_connection_gets_a_line(connector: Connector) -> None:
    connector.connect_optimizely()
    connector.choose("20000000001:production")
    connector.connect_brevo()
    said = connector.submit("diagnostics", "check")
    assert intents(said) == ["success"] * 3
    assert "Shop backend (production): datafile in revision" in said["toasts"][1]["message"]


def test_what_fails_is_told_beside_what_works(connector: Connector) -> None:
    connector.connect_optimizely()
    connector.connect_brevo()
    key = connector.sandbox.credentials["brevo_api_key"]
    connector.sandbox.change(token=key, revoke=True)
    said = connector.submit("diagnostics", "check")
    assert intents(said) == ["success", "danger"]
    assert key not in f"{said}{connector.everything_said}"


def test_nothing_connected_is_told_too(connector: Connector) -> None:
    assert intents(connector.submit("diagnostics", "check")) == ["danger", "danger"]
