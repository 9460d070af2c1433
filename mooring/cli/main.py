"""Which commands are there? Names and one-line helps only; a command's module loads when called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from mooring.cli.options import add_global_options, remember

COMMANDS = {
    "init": "Scaffold an app that validates and whose tests pass.",
    "port": "Turn an OCP app in TypeScript into a Python one, as far as that goes.",
    "validate": "Show every problem of an app, with its place and its remedy.",
    "check": "Say how good an app is, and what it lacks for the next level.",
    "install": "Install an app into an account.",
    "upgrade": "Let another version of an app take over while it serves.",
    "uninstall": "Take an app out of an account.",
    "restore": "Bring back an app that was uninstalled.",
    "apps": "Show what is installed, where, in which version and state.",
    "settings": "Show settings, or submit a section of an app's form.",
    "secrets": "List, set and remove an app's secrets; values are never shown.",
    "functions": "Show an app's function URLs, or call a function directly.",
    "jobs": "Trigger, list and show runs of jobs.",
    "deadletter": "Look at records that jobs set aside, try them again, or drop them.",
    "schedule": "Say what a cron expression means and when it fires next.",
    "odp": "Look into the embedded Optimizely Data Platform.",
    "serve": "Receive webhooks, run jobs on schedule, show the console.",
    "worker": "Run jobs beside serve, on any number of machines.",
    "notifications": "Show what apps told the people whose account it is.",
    "logs": "Show the structured log.",
    "metrics": "Show the figures of the host as Prometheus reads them.",
    "doctor": "Say what is wrong with this machine and this home, with the fix.",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands that people type, in the order of an app's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``mooring.cli.<name>`` and return its ``command``."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"mooring.cli.{cmd_name}").command
        return add_global_options(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their helps from the table, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail with the nearest names."""
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], self.list_commands(ctx), n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"There is no command {args[0]}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="mooring", prog_name="mooring")
@click.pass_context
def program(ctx: click.Context, /, **given: Any) -> None:
    """Host OCP-style integration apps written in Python."""
    remember(ctx, given)


add_global_options(program)


def main(arguments: list[str] | None = None) -> None:
    """Run the program and exit with its status."""
    from mooring.cli.failures import run

    kept: dict[str, Any] = {}
    status = run(program, arguments, kept=kept)
    if masker := kept.get("masker"):
        from mooring.adapters.app_output import hide_to_the_end

        hide_to_the_end(masker.hide)
    sys.exit(status)
