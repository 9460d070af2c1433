"""Starting and stopping: one ready line, a free port, clear refusals."""

from __future__ import annotations

import socket
import subprocess
import sys

import httpx
import msgspec
import pytest

from sandbox.running import REPOSITORY, running


def sandbox_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_the_json_line_is_what_the_index_says() -> None:
    with running() as started:
        index = httpx.get(started.url + "/", trust_env=False)
        assert index.json() == started.info
        assert started.url.startswith("http://127.0.0.1:")
    assert started.process.poll() is not None


def test_without_json_the_one_line_names_the_address() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.split()[-1]
        assert line == f"sandbox ready at {address}\n"
        assert httpx.get(address, trust_env=False).status_code == 200
        process.terminate()
        assert process.stdout.read() == ""


def test_a_taken_port_is_one_sentence_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = sandbox_command("--port", str(port))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert f"port {port}" in ended.stderr
    assert "--port 0" in ended.stderr


@pytest.mark.parametrize("port", ["-1", "70000", "http"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    ended = sandbox_command(f"--port={port}")
    assert ended.returncode == 2
    assert "0 to 65535" in ended.stderr


def test_it_listens_on_the_loopback_address_alone() -> None:
    with running() as started:
        port = int(started.url.rsplit(":", 1)[1])
        with socket.socket() as other:
            # Free on another loopback address: the sandbox has not taken all of them.
            other.bind(("127.0.0.2", port))
        assert msgspec.json.encode(started.info).count(b"127.0.0.1:%d" % port) == 8
