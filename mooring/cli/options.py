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
    for parameter in command.params:
        _refuse_empty(parameter)
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            add_global_options(sub)
    return command


class NotEmpty(click.ParamType[Any]):
    """What has to name something: an empty text would pass for an option that was left out."""

    def __init__(self, inner: click.ParamType[Any]) -> None:
        self.name = inner.name
        self._inner = inner

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # Any: click
        """Refuse what is empty, and leave the rest to the type that it was."""
        if value == "":
            self.fail("it is empty.", param, ctx)
        return self._inner.convert(value, param, ctx)


def _refuse_empty(parameter: click.Parameter) -> None:
    """Let a text or a path say something, unless nothing is what it says by default."""
    is_text = isinstance(parameter.type, (click.types.StringParamType, click.Path))
    if is_text and parameter.default != "":
        parameter.type = NotEmpty(parameter.type)


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
