"""How do commands like ``jobs`` and ``functions`` tell a subcommand from an app's id?"""

from __future__ import annotations

import click

from mooring.errors import NotFound
from mooring.model.known_names import nearest

MEANT = "mooring.meant"


class DefaultsToList(click.Group):
    """A group whose unknown first word is an argument of its ``list`` subcommand.

    A subcommand's name wins over an app's; ``list APP_ID`` is the explicit form.
    """

    def invoke(self, ctx: click.Context) -> object:
        """Ask, when it fails, whether a subcommand was meant whose name is like the first word."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if MEANT not in ctx.meta:
                raise
            said = f"{ctx.meta[MEANT]}{error.format_message()}"
            raise click.UsageError(said, ctx=error.ctx) from error
        except NotFound as error:
            error.hint = f"{ctx.meta.get(MEANT, '')}{error.hint}"
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Put ``list`` in front of what is not a subcommand."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            if near := nearest(args[0], self.commands):
                ctx.meta[MEANT] = near
            args = ["list", *args]
        return super().resolve_command(ctx, args)
