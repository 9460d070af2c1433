"""Which options does every command take, before or after its name, and what do they mean?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

NAMES = ("home", "account", "json", "safe_mode")


def remember(ctx: click.Context, given: Mapping[str, Any]) -> None:
    """Keep the global options for the command; what stands nearer to the command wins."""
    kept: dict[str, Any] = ctx.ensure_object(dict)
    for name in NAMES:
        if given.get(name) is not None:
            kept[name] = given[name]


def add_global_options(command: click.Command) -> click.Command:
    """Let a command (and its subcommands) take the options that all commands have."""
    present = {parameter.name for parameter in command.params}
    outermost = command.name == "program"
    for option in _options():
        if option.name not in present:
            option.expose_value = outermost
            option.hidden = option.hidden and not outermost
            command.params.append(option)
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            add_global_options(sub)
    return command


def wants_json(ctx: click.Context) -> bool:
    """Say whether the caller asked for JSON."""
    return bool((ctx.obj or {}).get("json"))


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    if value is not None and parameter.name:
        ctx.ensure_object(dict)[parameter.name] = value
    return value


def _options() -> list[click.Option]:
    return [
        click.Option(
            ["--home"],
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            callback=_keep,
            help="The host's folder (or MOORING_HOME).",
        ),
        click.Option(
            ["--account"],
            metavar="ID",
            callback=_keep,
            help="Account (default: local).",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            default=None,
            callback=_keep,
            help="Print JSON for machines.",
        ),
        click.Option(
            ["--safe-mode"],
            is_flag=True,
            default=None,
            callback=_keep,
            hidden=True,  # for a day when something is broken: the help of the program names it
            help="Leave out the plugins of installed distributions.",
        ),
    ]
