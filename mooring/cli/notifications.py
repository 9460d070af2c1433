"""``mooring notifications``: what apps told the people whose account it is."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.edge import answer, given_account, open_host
from mooring.cli.options import wants_json
from mooring.model.moment import iso
from mooring.model.notification import LEVELS, Level, Notification

if TYPE_CHECKING:
    from mooring.hosting.host import Host

EMPTY = "No notifications yet: apps write them where people should know something."
LOOK_EVERY = 0.3  # seconds
AT_ONCE = 100  # new ones
WIDEST, NARROWEST = 100, 40  # columns


@click.command("notifications")
@click.argument("app_id", required=False)
@click.option("--level", type=click.Choice(LEVELS), help="This level and those after it.")
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many, newest first.",
)
@click.option("--follow", is_flag=True, help="Oldest first, and go on with new ones until Ctrl-C.")
@click.pass_context
def command(
    ctx: click.Context, app_id: str | None, level: Level | None, limit: int, follow: bool
) -> None:
    """Show what apps told the people of their account: OCP's Activity Log.

    Of one app or of all, with --account of that account alone. Secrets are masked; of each
    installation the latest 1,000 are kept.
    """
    with open_host(ctx, reads=not follow) as host:
        recent = partial(
            host.notifications.recent, app_id=app_id, account=given_account(ctx), level=level
        )
        found = recent(limit=limit)
        if app_id and not found:
            host.installation(app_id)  # raises, naming what is installed
        host.know_secrets()
        described = [_described(host, each) for each in found]
        if not follow:
            answer(ctx, described, "\n\n".join(map(_text, described)) or EMPTY)
            return
        for each in reversed(described):
            _print(ctx, each)
        for each in _following(host, recent, last=found[0].notification_id if found else 0):
            _print(ctx, each)


def _following(
    host: Host, recent: Callable[..., list[Notification]], *, last: int
) -> Iterator[dict[str, Any]]:
    """Give what comes after ``last``, for ever."""
    while True:
        for each in reversed(recent(after=last, limit=AT_ONCE)):
            last = each.notification_id
            yield _described(host, each)
        host.clock.sleep(LOOK_EVERY)


def _described(host: Host, notification: Notification) -> dict[str, Any]:
    """Write one for machines; a secret that became one since is masked too."""
    hide = host.masker.hide
    return {
        "id": notification.notification_id,
        "at": iso(notification.at),
        "level": notification.level,
        "app_id": notification.app_id,
        "account": notification.account,
        "activity": hide(notification.activity),
        "title": hide(notification.title),
        "summary": hide(notification.summary),
        "details": None if notification.details is None else hide(notification.details),
    }


def _print(ctx: click.Context, described: dict[str, Any]) -> None:
    click.echo(json.dumps(described) if wants_json(ctx) else f"{_text(described)}\n")


def _text(described: dict[str, Any]) -> str:
    """Write one for people: a line to find it by, and its sentences below."""
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
    whose = f"{described['app_id']} (account {described['account']})"
    head = f"{described['at']}  {described['level'].upper():<7}  {whose}  {described['activity']}"
    told = [described["title"], described["summary"], described["details"] or ""]
    lines = [line for text in told for line in text.splitlines() if line.strip()]
    return "\n".join([head, *(wrapped for line in lines for wrapped in _wrapped(line, width))])


def _wrapped(line: str, width: int) -> list[str]:
    """Break a line between words; an address or a command stays whole."""
    return textwrap.wrap(
        line,
        width,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
