"""When a call is tried again, how long it may take, and what repeating may never do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mooring.adapters.budgets import BudgetKeeper
from mooring.adapters.http_client import HttpClient
from mooring.errors import (
    RateLimited,
    ServiceUnavailable,
)
from mooring.sdk.context import Invocation, use
from mooring.sdk.interruption import Interrupted, Interruption
from mooring.sdk.ports import Budget, HttpRequest, Rate
from mooring.testing.memory import memory_app

SECRET = "tok-5e2b77c1d0"

Answering = Callable[..., list[Request]]
ClientFor = Callable[[str], AbstractContextManager[HttpClient]]
RawServer = Callable[..., AbstractContextManager[tuple[str, list[int]]]]


# -- trying again


@pytest.mark.usefixtures("impatient")
def test_a_repeatable_call_is_tried_until_it_succeeds(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(status=500), Response(status=502), Response(b"ok"))
    assert client.send(HttpRequest("GET", httpserver.url_for("/things"))).body == b"ok"
    assert len(sent) == 3


@pytest.mark.usefixtures("impatient")
def test_a_service_that_stays_broken_is_named_with_the_number_of_tries(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(b"maintenance", 503))
    with pytest.raises(ServiceUnavailable) as broken:
        client.send(HttpRequest("GET", httpserver.url_for("/things"), attempts=3))
    place = f"{httpserver.host}:{httpserver.port}"
    assert str(broken.value) == f"{place} answered with status 503 (tried 3 times)."
    assert (broken.value.status, broken.value.body) == (503, b"maintenance")
    assert len(sent) == 3


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("method", "idempotent", "tries"),
    [
        ("GET", None, 2),
        ("PUT", None, 2),
        ("DELETE", None, 2),
        ("POST", None, 1),
        ("PATCH", None, 1),
        ("POST", True, 2),
        ("GET", False, 1),
    ],
)
def test_an_unclear_failure_is_repeated_only_if_that_does_no_harm(
    answering: Answering,
    client: HttpClient,
    httpserver: HTTPServer,
    method: str,
    idempotent: bool | None,
    tries: int,
) -> None:
    sent = answering(Response(status=500))
    url = httpserver.url_for("/things")
    with pytest.raises(ServiceUnavailable):
        client.send(HttpRequest(method, url, attempts=2, idempotent=idempotent))
    assert len(sent) == tries


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("method", "tries"), [("GET", 3), ("POST", 1)])
def test_a_connection_that_breaks_is_an_unclear_failure(
    client_for: ClientFor, raw_server: RawServer, method: str, tries: int
) -> None:
    def hang_up(peer: socket.socket) -> None:
        peer.recv(65536)

    with (
        raw_server(hang_up) as (address, connections),
        client_for(address) as client,
    ):
        with pytest.raises(ServiceUnavailable, match="broke the connection off"):
            client.send(HttpRequest(method, address, attempts=3))
        assert len(connections) == tries


@pytest.mark.usefixtures("impatient")
def test_a_call_that_was_never_sent_is_always_repeated(client_for: ClientFor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with (
        client_for(address) as client,
        pytest.raises(ServiceUnavailable, match=r"cannot be reached: .*\(tried 3 times\)"),
    ):
        client.send(HttpRequest("POST", address, attempts=3))


def test_a_wait_that_fits_is_waited_also_with_a_post(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    busy = Response(status=429, headers={"Retry-After": "0.3"})
    sent = answering(busy, Response(b"ok"))
    started = time.monotonic()
    assert client.send(HttpRequest("POST", httpserver.url_for("/things"))).body == b"ok"
    assert time.monotonic() - started >= 0.3
    assert len(sent) == 2


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "90"}, 90),
        (429, {"x-sib-ratelimit-reset": "41"}, 41),
        (429, {"Retry-After": "soon", "ratelimit-reset": "50"}, 50),
        (429, {}, 60),
        (429, {"Retry-After": "inf"}, 60),
        (429, {"Retry-After": "1e9"}, 24 * 3600),
        (503, {"Retry-After": "120"}, 120),
    ],
)
def test_a_wait_that_does_not_fit_is_left_to_the_caller(
    answering: Answering,
    client: HttpClient,
    httpserver: HTTPServer,
    status: int,
    headers: dict[str, str],
    seconds: float,
) -> None:
    sent = answering(Response(status=status, headers=headers))
    with pytest.raises(RateLimited) as limited:
        client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert (limited.value.retry_after, limited.value.status) == (seconds, status)
    assert len(sent) == 1


def test_a_wait_may_be_stated_as_a_date(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    then = datetime.now(UTC) + timedelta(seconds=100)
    answering(
        Response(status=429, headers={"Retry-After": format_datetime(then, usegmt=True)}),
    )
    with pytest.raises(RateLimited) as limited:
        client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert 95 < limited.value.retry_after <= 100


@pytest.mark.usefixtures("impatient")
def test_a_service_that_goes_on_refusing_is_rate_limited(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(status=429, headers={"Retry-After": "2"}))
    with pytest.raises(RateLimited, match="tried 4 times") as limited:
        client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert limited.value.retry_after == 2
    assert len(sent) == 4


@pytest.mark.usefixtures("impatient")
def test_meters_sent_with_a_failure_are_no_promise_that_nothing_happened(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(status=503, headers={"x-sib-ratelimit-reset": "1"}))
    with pytest.raises(ServiceUnavailable):
        client.send(HttpRequest("POST", httpserver.url_for("/things")))
    assert len(sent) == 1


# -- the call's time


def test_a_service_that_is_silent_costs_no_more_than_the_timeout(
    client_for: ClientFor, raw_server: RawServer
) -> None:
    done = threading.Event()

    def be_silent(peer: socket.socket) -> None:
        done.wait(30)

    with (
        raw_server(be_silent) as (address, connections),
        client_for(address) as client,
    ):
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable, match=r"did not answer within 0\.4 s \(tried once"):
            client.send(HttpRequest("GET", address, timeout=0.4))
        assert 0.4 <= time.monotonic() - started < 15
        done.set()
        assert len(connections) == 1


def drip(peer: socket.socket, head: bytes) -> None:
    peer.recv(65536)
    try:
        peer.sendall(head)
        for _ in range(200):
            peer.sendall(b"x")
            time.sleep(0.05)
    except OSError:
        return


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Thing: "],
    ids=["body", "headers"],
)
def test_a_service_that_answers_byte_by_byte_costs_no_more_either(
    client_for: ClientFor, raw_server: RawServer, head: bytes
) -> None:
    with (
        raw_server(lambda peer: drip(peer, head)) as (address, _),
        client_for(address) as client,
    ):
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable, match="did not answer within"):
            client.send(HttpRequest("GET", address, timeout=0.5, attempts=1))
        assert time.monotonic() - started < 8, "200 bytes take 10 s"


def test_waits_between_tries_stay_within_the_timeout(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    answering(Response(status=500))
    started = time.monotonic()
    with pytest.raises(ServiceUnavailable, match="answered with status 500"):
        client.send(HttpRequest("GET", httpserver.url_for("/things"), timeout=1, attempts=50))
    assert time.monotonic() - started < 15, "fifty tries take minutes"


# -- budgets


def test_every_try_counts_against_the_budgets(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(status=500))
    budget = Budget("rest", SECRET, (Rate(2, 60.0),))
    request = HttpRequest("GET", httpserver.url_for("/things"), budgets=(budget,))
    with pytest.raises(RateLimited, match="The budget rest is used up") as limited:
        client.send(request)
    assert 50 < limited.value.retry_after <= 60
    assert len(sent) == 2


# -- a run that was told to end


def told_by(interruption: Interruption) -> Invocation:
    return replace(memory_app().invocation, interruption=interruption)


@pytest.mark.usefixtures("impatient")
def test_a_run_that_was_told_to_end_does_not_try_again(
    client: HttpClient, httpserver: HTTPServer
) -> None:
    interruption, arrived = Interruption(), []

    def refuse(request: Request) -> Response:
        arrived.append(request)
        interruption.tell()
        return Response(status=503)

    httpserver.expect_request("/things").respond_with_handler(refuse)
    with use(told_by(interruption)), pytest.raises(Interrupted):
        client.send(HttpRequest("PUT", httpserver.url_for("/things"), attempts=3))
    assert len(arrived) == 1


def test_a_run_that_was_told_to_end_while_it_waited_for_a_budget_sends_nothing(
    answering: Answering,
    client: HttpClient,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interruption, sent = Interruption(), answering(Response(b"ok"))

    def acquire(keeper: BudgetKeeper, budgets: Sequence[Budget], *, within: float) -> None:
        interruption.tell()

    monkeypatch.setattr(BudgetKeeper, "acquire", acquire)
    with use(told_by(interruption)), pytest.raises(Interrupted):
        client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert not sent
