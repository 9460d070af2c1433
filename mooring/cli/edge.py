"""How does a command get its host, and print its answer?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.configuration import configuration
from mooring.cli.options import wants_json

if TYPE_CHECKING:
    from mooring.hosting.host import Host


def given_account(ctx: click.Context) -> str | None:
    """Return the account that the command names; None when it names none."""
    account: str | None = ctx.ensure_object(dict).get("account")
    return account


@contextmanager
def open_host(ctx: click.Context, *, actor: str = "", reads: bool = False) -> Iterator[Host]:
    """Open the host that the options name, and close it after the command.

    ``actor`` is who acts, as the history of installations says; else the person who typed it. A
    command that only ``reads`` makes no home: where there is none, it finds nothing.

    App code cannot end the command without a word. Where somebody else acts, which are the
    processes that serve, it can: whoever started them sees how they end.
    """
    from mooring.adapters.app_output import app_output
    from mooring.adapters.core_dumps import forbid_core_dumps
    from mooring.adapters.home import Home
    from mooring.cli.sudden_ends import sudden_ends_told
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
        if not actor:
            closing.enter_context(sudden_ends_told(ctx.obj))
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
