"""The program on real ports: what it takes, what it refuses, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from tests.conftest import Program, Serving
from tests.host.apps import App
from tests.host.web.conftest import signed

Serve = Callable[..., AbstractContextManager[Serving]]
SECONDS = 60.0


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=SECONDS) as client:
        yield client


@pytest.fixture
def installed(cli: Program, app: App) -> Program:
    """Install an app whose functions echo, wait, and count what the inbox brings."""
    app.function("echo", "return Response(200, len(self.request.body))")
    app.function("slow", "time.sleep(1)\nreturn Response(200, 'at last')")
    count = 'first = storage.kv_store.increment("seen", "count") == 1'
    app.function("hook", f"{count}\nreturn Response(500 if first else 200)", verify="optimizely")
    app.function("seen", 'return Response(200, storage.kv_store.get("seen"))')
    cli.ok("install", str(app.finish()))
    return cli


def url_of(cli: Program, function: str) -> str:
    return str(cli.ok("functions", "shop", "--json").json[function])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_both_ports_answer_and_the_job_process_runs(
    installed: Program, serve: Serve, client: httpx.Client
) -> None:
    with serve() as serving:
        assert client.post(url_of(installed, "echo"), content=b"abc").json() == 3
        until(lambda: client.get(f"{serving.public}/readyz").status_code == 200)
        assert client.get(f"{serving.public}/readyz").json()["jobs"] == "ok"
        page = client.get(serving.console)
        assert "The &lt;Shop&gt; &amp; Co" in page.text
        assert client.get(serving.console, headers={"host": "evil.example"}).status_code == 421


def test_a_webhook_is_tried_again_also_when_the_host_was_killed_in_between(
    installed: Program, serve: Serve, client: httpx.Client, home: Path
) -> None:
    log = home / "logs" / "mooring.jsonl"
    installed.ok("secrets", "shop", "set", "hook_signature=-", stdin="wh-demo-secret")
    body = b'{"revision": 42}'
    seen = httpx.URL(url_of(installed, "seen")).path
    with serve("--no-jobs") as serving:
        answer = client.post(url_of(installed, "hook"), content=body, headers=signed(body))
        assert answer.status_code == 202
        until(lambda: '"delivery.postponed"' in log.read_text("utf-8"))
        serving.kill()
    with serve("--no-jobs") as serving:
        # At least: a machine that took its time may have been at it again when it was killed.
        until(lambda: client.get(serving.public + seen).json()["count"] >= 2)
        again = client.post(url_of(installed, "hook"), content=body, headers=signed(body))
        assert again.json() == answer.json()


def test_an_oversized_body_is_refused_before_it_is_sent(installed: Program, serve: Serve) -> None:
    with serve("--no-jobs") as serving:
        address = httpx.URL(serving.public)
        path = httpx.URL(url_of(installed, "echo")).path
        with socket.create_connection((address.host, address.port), timeout=SECONDS) as sender:
            head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n"
            sender.sendall(head.encode())
            said = b""
            while chunk := sender.recv(4096):
                said += chunk
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"request.too_large" in said


def test_a_second_serve_on_one_home_is_refused_with_the_address_of_the_first(
    installed: Program, serve: Serve
) -> None:
    with serve("--no-jobs") as serving:
        second = installed("serve", "--public-port", "0", "--console-port", "0")
        assert second.status == 75
        assert serving.public in second.err
        assert second.out == ""


def test_one_port_for_both_servers_is_refused_by_its_options(cli: Program) -> None:
    answer = cli("serve", "--public-port", "8081", "--console-port", "8081")
    assert answer.status == 2
    assert "--public-port and --console-port are both 8081." in answer.err


@pytest.mark.parametrize("option", ["--public-port", "--console-port"])
def test_a_taken_port_is_refused_and_nothing_is_left_behind(
    cli: Program, home: Path, option: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"--public-port": "0", "--console-port": "0", option: str(port)}
        answer = cli("serve", *(word for pair in ports.items() for word in pair))
    assert answer.status == 74
    assert f"Port {port} is already in use." in answer.err
    assert option in answer.err
    assert "Traceback" not in answer.err
    assert not (home / "serve.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_what_it_is_answering(
    installed: Program, serve: Serve, client: httpx.Client, home: Path, number: int
) -> None:
    with serve("--no-jobs") as serving:
        answers: list[httpx.Response] = []
        url = url_of(installed, "slow")
        sender = threading.Thread(target=lambda: answers.append(client.get(url)))
        sender.start()
        time.sleep(0.4)
        serving.process.send_signal(number)
        sender.join()
        assert answers[0].json() == "at last"
        assert serving.process.wait(SECONDS) == 0
    assert not (home / "serve.json").exists()


def test_stopping_ends_the_job_process_too(installed: Program, serve: Serve, home: Path) -> None:
    log = home / "logs" / "mooring.jsonl"
    with serve() as serving:
        until(lambda: '"job.worker.started"' in log.read_text())
        serving.process.terminate()
        assert serving.process.wait(SECONDS) == 0
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "job.worker.stopped" in events


def test_the_public_address_is_only_what_is_told(
    installed: Program, serve: Serve, client: httpx.Client
) -> None:
    outside = "https://hooks.example.com"
    with serve("--no-jobs", MOORING_PUBLIC_URL=outside) as serving:
        page = client.get(f"{serving.console}/apps/shop").text
        assert f"{outside}/functions/shop/echo/" in page
        path = httpx.URL(url_of(installed, "echo")).path
        assert client.post(f"{serving.public}{path}").status_code == 200


def test_functions_that_hang_do_not_keep_it_from_ending(
    cli: Program, app: App, serve: Serve
) -> None:
    app.function("hang", "time.sleep(60)")
    app.function("hang_later", "await asyncio.to_thread(time.sleep, 60)")
    cli.ok("install", str(app.finish()))
    with serve("--no-jobs") as serving:
        for function in ("hang", "hang_later"):
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(url_of(cli, function), timeout=0.3)
        serving.process.terminate()
        assert serving.process.wait(SECONDS) == 0
