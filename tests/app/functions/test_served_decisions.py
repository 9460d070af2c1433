"""A decision that a listener reports over HTTP is in Brevo a moment later, under its contact."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx

from sandbox.running import Running
from scripts.local_services import APP, environment
from tests.conftest import Program, Serving

WITHIN = 30.0  # seconds
FILE = """\
connectors:
  optimizely:
    access_token: "${OPTIMIZELY_ACCESS_TOKEN}"
    project_id: 20000000001
    sdk_key: "${SHOP_SDK_KEY}"
"""


def connect(cli: Program, sandbox: Running) -> None:
    cli.environment |= environment(sandbox)
    cli.ok("install", ".")
    path = cli.home.parent / "connector.yml"
    path.write_text(FILE, "utf-8")
    cli.ok("settings", APP, "--file", str(path))
    cli.ok("secrets", APP, "set", "decisions_token", stdin="a-token-of-our-own\n")
    stages = '{"stages": ["contacts"]}'
    cli.ok("jobs", "trigger", APP, "sync", "--parameters", stages, "--wait")


def written_to(sandbox: Running, email: str) -> dict[str, Any]:
    """Wait for what Brevo is sent about a contact; looking into the record is not metered."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        for each in sandbox.received(service="brevo", kind="contact.update"):
            if each["contact"] == email:
                return dict(each["attributes"])
        time.sleep(0.2)
    raise AssertionError(f"Nothing was written within {WITHIN:.0f} s.")


def test_a_reported_decision_reaches_brevo(
    cli: Program,
    sandbox: Running,
    serve: Callable[..., AbstractContextManager[Serving]],
) -> None:
    connect(cli, sandbox)
    email = sandbox.contacts()[7]["email"]
    decision = {
        "type": "flag",
        "user_id": "somebody",
        "attributes": {"email": email.upper()},
        "decision_info": {
            "flag_key": "new_checkout",
            "rule_key": "checkout_q3",
            "variation_key": "reported",
            "enabled": True,
        },
    }
    with serve():
        url = cli.ok("functions", APP, "--json").json["decisions"]
        refused = httpx.post(url, json=decision)
        assert refused.status_code == 401
        token = {"authorization": "Bearer a-token-of-our-own"}
        answer = httpx.post(url, json=[decision], headers=token)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "shelved": 0})
        written = written_to(sandbox, email)
    assert written["EXPERIMENT_NAME"] == "checkout_q3"
    assert written["VARIATION_NAME"] == "reported"
    assert written["EXPERIMENT_VARIATION"] == "checkout_q3:reported"
    assert (written["FEATURE_FLAG"], written["FEATURE_ENABLED"]) == ("new_checkout", True)
    assert "a-token-of-our-own" not in (cli.home.parent / "serve.log").read_text("utf-8")
