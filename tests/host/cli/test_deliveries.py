"""What arrived, seen and sent again through the command line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pytest

from mooring.engine.inbox import to_wire
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.delivery import Delivery, DeliveryState
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import Request
from tests.conftest import Program, Serving
from tests.host.cli.conftest import APP

ID = "0a1b2c3d-0000-4000-8000-000000000001"
OTHER = "0a1b2c3d-0000-4000-8000-000000000002"
LISTED = ("functions", "deliveries")
WAITS = 20.0  # seconds
REQUEST = Request(
    "POST",
    path="/orders",
    params={"page": "1", "access_token": "t0ken-in-query"},
    headers=Headers({"authorization": "Bearer t0ken-in-header", "x-event": "order"}),
    body=b'{"name": "Ada", "note": "canary-7f3a9c", "api_key": "t0ken-in-body"}',
)


def put(
    cli: Program,
    delivery_id: str,
    *,
    state: DeliveryState = DeliveryState.DEAD,
    request: Request = REQUEST,
) -> None:
    """Leave a delivery as a server would."""
    with Host.open(HostConfig(home=cli.home, secrets="encrypted")) as host:
        of = host.installation(APP)
        now = datetime.now(UTC) - timedelta(hours=1)
        error = "ValueError: canary-7f3a9c is odd" if state is DeliveryState.DEAD else None
        made = Delivery(
            *(delivery_id, of.install_id, APP, "hello", delivery_id, to_wire(request)),
            *(state, 8, now, now, error),
        )
        host.deliveries.accept([made])


@pytest.fixture
def arrived(installed: Program) -> Program:
    """The program, with one delivery that was set aside and one that was handled."""
    installed.ok("secrets", APP, "set", "token=-", stdin="canary-7f3a9c\n")
    put(installed, ID)
    put(installed, OTHER, state=DeliveryState.DONE)
    return installed


def test_deliveries_are_listed_by_app_and_state(arrived: Program) -> None:
    assert [each["delivery_id"] for each in arrived.ok(*LISTED, "--json").json] == [OTHER, ID]
    (dead,) = arrived.ok(*LISTED, APP, "--state", "dead", "--json").json
    assert (dead["delivery_id"], dead["state"], dead["attempts"]) == (ID, "dead", 8)
    assert dead["error"] == "ValueError: ••• is odd"
    assert arrived.ok(*LISTED, APP, "--state", "pending").out.strip() == "No deliveries."
    text = arrived.ok(*LISTED, APP).out
    assert "ATTEMPTS" in text
    assert ID in text
    assert "canary" not in text


def test_one_delivery_is_shown_with_its_request_and_without_secrets(arrived: Program) -> None:
    shown = arrived.ok(*LISTED, ID, "--json").json
    assert shown["request"] == {
        "method": "POST",
        "path": "/orders",
        "params": {"page": "1", "access_token": "•••"},
        "headers": [["authorization", "•••"], ["x-event", "order"]],
        "body": {"name": "Ada", "note": "•••", "api_key": "•••"},
        "base64": False,
    }
    text = arrived.ok(*LISTED, ID).out
    assert f"mooring functions replay {ID}" in text
    assert "canary" not in text
    assert "t0ken" not in text


def test_a_binary_body_is_shown_in_base64(installed: Program) -> None:
    put(installed, ID, request=Request("POST", body=b"\xff\x00"))
    shown = installed.ok(*LISTED, ID[:8], "--json").json
    assert (shown["request"]["body"], shown["request"]["base64"]) == ("/wA=", True)
    assert "/wA=" in installed.ok(*LISTED, ID).out


def test_what_there_is_not_is_said_so(arrived: Program) -> None:
    unknown = arrived(*LISTED, "ffffffff")
    assert unknown.status == 66
    assert "no delivery ffffffff" in unknown.err
    assert "Several deliveries" in arrived(*LISTED, ID[:8]).err
    nobody = arrived(*LISTED, "nobody")
    assert nobody.status == 66
    assert "nobody is not installed" in nobody.err
    assert "is no delivery's id" in arrived("functions", "replay", "nobody").err
    assert arrived("functions", "replay").status == 2
    assert arrived("functions", "replay", ID, "--all-dead", APP).status == 2


def test_without_a_server_what_is_sent_again_waits_for_one(arrived: Program) -> None:
    answer = arrived.ok("functions", "replay", ID)
    assert "is due again" in answer.out
    assert "start `mooring serve`" in answer.err
    shown = arrived.ok(*LISTED, ID, "--json").json
    assert (shown["state"], shown["attempts"], shown["error"]) == ("pending", 0, None)
    again = arrived("functions", "replay", ID)
    assert again.status != 0
    assert "has not ended" in again.err


def test_the_doctor_names_what_was_set_aside(arrived: Program) -> None:
    findings = arrived.ok("doctor", "--json").json["findings"]
    (found,) = [each for each in findings if each["check"] == "deliveries"]
    assert found["found"] == f"1 delivery of {APP} set aside"
    assert f"mooring functions replay --all-dead {APP}" in found["fix"]


def test_all_that_an_app_has_set_aside_is_sent_again(arrived: Program) -> None:
    assert arrived.ok("functions", "replay", "--all-dead", APP, "--json").json["replayed"] == 1
    assert arrived.ok("functions", "replay", "--all-dead", APP, "--json").json["replayed"] == 0
    assert arrived("functions", "replay", "--all-dead", "nobody").status == 66


def test_a_running_server_handles_what_is_sent_again(
    arrived: Program, serve: Callable[..., AbstractContextManager[Serving]]
) -> None:
    with serve("--no-jobs"):
        answer = arrived.ok("functions", "replay", ID)
        assert answer.err == ""
        ends_at = monotonic() + WAITS
        while (shown := arrived.ok(*LISTED, ID, "--json").json)["state"] == "pending":
            assert monotonic() < ends_at, "nothing handled it"
            sleep(0.2)
        assert (shown["state"], shown["attempts"]) == ("done", 1)
