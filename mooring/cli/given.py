"""Where are values that do not stand on the command line itself? Files, stdin, a prompt."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mooring.errors import UsageError


def read_secret(name: str, source: str, *, repeated: bool = False) -> str:
    """Read a secret from where others cannot see it; ``source`` is ``-``, ``@FILE`` or empty.

    A person at a terminal is asked, twice if ``repeated``. Raises UsageError for a value in clear.
    """
    if source.startswith("@"):
        return _text_of(source[1:]).strip()
    if source not in ("", "-"):
        raise UsageError(
            f"{name} is a secret; others see what stands on a command line.",
            hint=f"Use {name}=- (asks, or reads stdin) or {name}=@FILE.",
        )
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(name, hide_input=True, confirmation_prompt=repeated, err=True))


def read_body(source: str) -> bytes:
    """Read a body: the text itself, ``@FILE``, or ``-`` for stdin. Raises UsageError."""
    if source == "-":
        return sys.stdin.buffer.read()
    return _bytes_of(source[1:]) if source.startswith("@") else source.encode()


def _bytes_of(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{name} cannot be read: {error.strerror or error}.",
            hint="After @ comes the name of a file that this user may read.",
        ) from error


def _text_of(name: str) -> str:
    try:
        return _bytes_of(name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8."
        ) from error
