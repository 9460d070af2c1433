"""Can the ports be had? Bound before anything else happens, so that a taken one stops the start."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Any

from mooring.errors import AddressInUse, ConfigurationInvalid

BACKLOG = 2048


def listen(host: str, port: int, *, option: str) -> socket.socket:
    """Bind a TCP port (0: a free one) and listen; ``option`` names what to change in an error.

    Raises AddressInUse, and ConfigurationInvalid for an address that is not of this machine.
    """
    family, address = _resolved(host, port)
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise _unavailable(host, port, option, error) from error
    return listening


def base_url(listening: socket.socket) -> str:
    """Return the address at which a client of this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{shown}:{port}"


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, Any]:  # Any: as bind wants it
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigurationInvalid(
            f"{host} is not the name of an address.",
            hint="Give an address of this machine, 127.0.0.1 or 0.0.0.0.",
        ) from error
    family, _, _, _, address = found[0]
    return family, address


def _unavailable(host: str, port: int, option: str, error: OSError) -> ConfigurationInvalid:
    place = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(
            f"Port {port} is already in use.",
            where=place,
            hint=f"Stop what listens there, or choose another with {option}-port (0: a free one).",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return ConfigurationInvalid(
            f"This user may not listen on port {port}.",
            where=place,
            hint=f"Choose one from 1024 on with {option}-port.",
        )
    return ConfigurationInvalid(
        f"This machine cannot listen there: {error.strerror or error}.",
        where=place,
        hint="Give an address of this machine, 127.0.0.1 or 0.0.0.0.",
    )
