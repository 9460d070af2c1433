"""What does the environment say, and how does a command get its host and print its answer?"""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import click

from mooring.cli.options import wants_json
from mooring.errors import ConfigurationInvalid, UsageError
from mooring.model.account import ACCOUNT_RULE, is_account
from mooring.model.config import DEFAULT_ACCOUNT, HostConfig, SecretsMode

if TYPE_CHECKING:
    from mooring.hosting.host import Host

PUBLIC_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?", re.IGNORECASE)
LEVELS = ("debug", "info", "warn", "error")
SECRETS = ("auto", "keyring", "encrypted")


def configuration(ctx: click.Context, *, actor: str = "") -> HostConfig:
    """Read the environment and the global options into one value; a person is the actor."""
    options: dict[str, Any] = ctx.obj or {}
    environment = os.environ
    key_file = environment.get("MOORING_MASTER_KEY_FILE")
    return HostConfig(
        home=_home(options.get("home") or environment.get("MOORING_HOME")),
        account=_account(options.get("account") or DEFAULT_ACCOUNT),
        database_url=environment.get("MOORING_DATABASE_URL") or None,
        public_url=_public_url(environment.get("MOORING_PUBLIC_URL")),
        secrets=cast(SecretsMode, _choice("MOORING_SECRETS", "auto", SECRETS)),
        master_key=environment.get("MOORING_MASTER_KEY") or None,
        master_key_file=Path(key_file) if key_file else None,
        log_level=_choice("MOORING_LOG_LEVEL", "info", LEVELS),
        interactive=sys.stdin.isatty() and sys.stdout.isatty(),
        safe_mode=bool(options.get("safe_mode")),
        actor=actor or f"cli:{_user()}",
        environment={k: v for k, v in environment.items() if k.startswith("APP_ENV_")},
    )


def given_account(ctx: click.Context) -> str | None:
    """Return the account that the command names; None when it names none."""
    account: str | None = ctx.ensure_object(dict).get("account")
    return account


@contextmanager
def open_host(ctx: click.Context, *, actor: str = "", reads: bool = False) -> Iterator[Host]:
    """Open the host that the options name, and close it after the command.

    ``actor`` is who acts, as the history of installations says; else the person who typed it. A
    command that only ``reads`` makes no home: where there is none, it finds nothing.
    """
    from mooring.adapters.app_output import app_output
    from mooring.adapters.core_dumps import forbid_core_dumps
    from mooring.adapters.home import Home
    from mooring.cli.traces import tracing_wanted
    from mooring.hosting.host import Host

    forbid_core_dumps()
    config = configuration(ctx, actor=actor)
    with ExitStack() as closing:
        if reads and config.database_url is None and not Home.is_there(config.home):
            say(ctx, f"There is no home at {config.home} yet; `mooring install PATH` makes one.")
            config = replace(config, home=Path(closing.enter_context(TemporaryDirectory())))
        host = closing.enter_context(Host.open(config))
        if tracing := tracing_wanted(os.environ):
            host.tracing = tracing
            closing.enter_context(host.log.libraries())
            closing.callback(tracing.close)
        for secret in host.config.credentials:
            host.masker.learn(secret)
        ctx.ensure_object(dict)["masker"] = host.masker
        with app_output(lambda: host.log, hide=host.masker.hide):
            yield host


def answer(ctx: click.Context, data: Any, text: str) -> None:
    """Print the answer on stdout: ``data`` as JSON if asked for, else ``text``."""
    said = json.dumps(data, ensure_ascii=False, indent=2) if wants_json(ctx) else text
    # Half a surrogate pair has no UTF-8; in this spelling JSON stays JSON.
    click.echo(said.encode("utf-8", "backslashreplace").decode("utf-8"))


def say(ctx: click.Context, sentence: str) -> None:
    """Tell a person something that is not the answer (stderr, silent with --json)."""
    if not wants_json(ctx):
        click.echo(sentence, err=True)


def table(headers: list[str], rows: list[list[str]], *, empty: str) -> str:
    """Lay out rows in aligned columns for a terminal."""
    if not rows:
        return empty
    widths = [max(len(r[i]) for r in [headers, *rows]) for i in range(len(headers))]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in [headers, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def shortened(text: str, *, limit: int = 60) -> str:
    """Cut a text that is too long for a column, and show that it was."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def aligned(pairs: Mapping[str, str]) -> list[str]:
    """Lay out names and what belongs to them, one pair a line."""
    width = max(map(len, pairs), default=0)
    return [f"{name.ljust(width)}  {value}" for name, value in pairs.items()]


def _user() -> str:
    """Name the person at the terminal; a container may know a number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _home(given: str | Path | None) -> Path:
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("mooring", appauthor=False)


def _account(given: str) -> str:
    if not is_account(given):
        raise UsageError(f"{given!r} cannot be an account.", hint=ACCOUNT_RULE)
    return given


def _public_url(given: str | None) -> str | None:
    if not given:
        return None
    if not PUBLIC_URL.fullmatch(given):
        raise ConfigurationInvalid(
            f"{given!r} is not the address of a server.",
            where="MOORING_PUBLIC_URL",
            hint="It begins with https:// or http:// and has no query: https://hooks.example.com",
        )
    return given.rstrip("/")


def _choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = (os.environ.get(name) or default).lower()
    if value not in allowed:
        raise ConfigurationInvalid(
            f"{name} is {value!r}.",
            where=name,
            hint=f"It may be: {', '.join(allowed)}.",
        )
    return value
