"""Credentials go in; nothing that comes out, and no file, holds them in clear."""

from __future__ import annotations

import base64
from urllib.parse import quote

from scripts.local_services import APP
from tests.conftest import Answer
from tests.scenarios.conftest import Connector, written


def spellings(secret: str) -> set[bytes]:
    raw = secret.encode()
    return {raw, quote(secret, safe="").encode(), base64.b64encode(raw)}


def test_credentials_stay_in_the_secret_store(connector: Connector) -> None:
    credentials = connector.sandbox.credentials
    secrets = [
        credentials["optimizely_token"],
        credentials["brevo_api_key"],
        credentials["webhook_secret"],
    ]
    with connector.serve() as serving:
        connector.connect()
        said = [
            connector("jobs", "trigger", APP, "sync", "--wait"),
            connector("settings", APP),
            connector("settings", APP, "--json"),
            connector("secrets", APP),
            connector("logs", "--level", "debug"),
            connector("apps", "--json"),
            connector("doctor"),
            connector("odp", "query", "SELECT * FROM customers LIMIT 3"),
            # the other side refuses from now on: errors are where secrets slip out
            _after_revoking(connector),
            connector("jobs", "list", "--json"),
            connector("logs", "--json"),
        ]
        page = connector.sandbox.http.get(serving.console).content
    shown = b"\n".join([page, *(f"{answer.out}{answer.err}".encode() for answer in said)])
    kept = written(connector.program.home)
    logged = (connector.program.home.parent / "serve.log").read_bytes()
    for secret in secrets:
        for spelling in spellings(secret):
            assert spelling not in shown
            assert spelling not in kept
            assert spelling not in logged


def _after_revoking(connector: Connector) -> Answer:
    connector.sandbox.change(token=connector.sandbox.credentials["brevo_api_key"], revoke=True)
    answer = connector("jobs", "trigger", APP, "sync", "--wait")
    assert answer.status == 1
    assert "Brevo" in answer.out
    return answer
