"""What happens to whoever wants to listen."""

from __future__ import annotations

import socket

import pytest

from mooring.errors import AddressInUse, ConfigurationInvalid
from mooring.web.sockets import base_url, listen


def test_port_0_takes_a_free_one_and_its_address_is_known() -> None:
    with listen("127.0.0.1", 0, option="--public") as listening:
        port = listening.getsockname()[1]
        assert base_url(listening) == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with listen("127.0.0.1", 0, option="--public") as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressInUse) as raised:
            listen("127.0.0.1", port, option="--console")
    assert f"Port {port} is already in use." in str(raised.value)
    assert "--console-port" in raised.value.hint


@pytest.mark.parametrize("host", ["192.0.2.1", "no such name", "a" * 300])
def test_an_address_of_somebody_else_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationInvalid) as raised:
        listen(host, 0, option="--public")
    assert "address of this machine" in raised.value.hint


def test_listening_everywhere_is_reached_at_home() -> None:
    with listen("0.0.0.0", 0, option="--public") as listening:  # noqa: S104  # the point
        assert base_url(listening).startswith("http://127.0.0.1:")


def test_an_address_of_version_6_is_in_brackets() -> None:
    with listen("::1", 0, option="--public") as listening:
        assert base_url(listening).startswith("http://[::1]:")
