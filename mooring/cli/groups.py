"""How do commands like ``jobs`` and ``functions`` tell a subcommand from an app's id?"""

from __future__ import annotations

import click


class DefaultsToList(click.Group):
    """A group whose unknown first word is an argument of its ``list`` subcommand.

    A subcommand's name wins over an app's; ``list APP_ID`` is the explicit form.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Put ``list`` in front of what is not a subcommand."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["list", *args]
        return super().resolve_command(ctx, args)
