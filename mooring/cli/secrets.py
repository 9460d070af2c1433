"""``mooring secrets``: names and ages of an app's secrets, never their values."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from mooring.cli.edge import answer, open_host, table
from mooring.cli.shapes import iso
from mooring.errors import NotFound, UsageError
from mooring.sdk.records import checked_secret_key

VERBS = ("list", "set", "rm")
FORMS = "mooring secrets APP_ID · mooring secrets APP_ID set KEY · mooring secrets APP_ID rm KEY"


@click.command("secrets")
@click.argument("words", nargs=-1, required=True, metavar="APP_ID [set KEY | rm KEY]")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """List, set or remove the secrets of an app.

    `set KEY` asks for the value; `set KEY=-` reads it from stdin, `set KEY=@FILE` from a file.
    """
    verb, app_id, key = _understood(words)
    with open_host(ctx) as host:
        installation = host.installation(app_id)
        if verb == "list":
            names = host.secrets(installation).names()
            rows = [
                [name, iso(changed) or "-", _age(host.clock.now(), changed)]
                for name, changed in names
            ]
            data = [{"name": name, "changed_at": iso(changed)} for name, changed in names]
            headers = ["SECRET", "CHANGED (UTC)", "AGE"]
            answer(ctx, data, table(headers, rows, empty=f"{app_id} has no secrets."))
        elif verb == "set":
            name, value = _given(key)
            host.secrets(installation).put(checked_secret_key(name), {"value": value})
            answer(ctx, {"name": name, "set": True}, f"{name} is set.")
        else:
            if not host.secrets(installation).exists(key):
                raise NotFound(f"{app_id} has no secret {key}.")
            host.secrets(installation).delete(key)
            answer(ctx, {"name": key, "removed": True}, f"{key} is removed.")


def _understood(words: tuple[str, ...]) -> tuple[str, str, str]:
    """Read ``APP [verb KEY]`` or ``verb APP KEY``; a verb in front wins over an app's name."""
    if words[0] in VERBS:
        words = (*words[1:2], words[0], *words[2:])
    match words:
        case (app_id,) | (app_id, "list"):
            return "list", app_id, ""
        case (app_id, ("set" | "rm") as verb, key):
            return verb, app_id, key
    raise UsageError("That is not how secrets are managed.", hint=FORMS)


def _given(key: str) -> tuple[str, str]:
    name, found, source = key.partition("=")
    if found and source != "-" and not source.startswith("@"):
        raise UsageError(
            "A secret's value does not belong on the command line, where others see it.",
            hint=f"Use {name}=- (stdin), {name}=@FILE, or only {name} to be asked.",
        )
    if source.startswith("@"):
        try:
            return name, Path(source[1:]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{source[1:]} cannot be read: {error}.") from error
    if source == "-" or not sys.stdin.isatty():
        return name, sys.stdin.readline().rstrip("\r\n")
    return name, str(click.prompt(name, hide_input=True, confirmation_prompt=True, err=True))


def _age(now: datetime, changed: datetime) -> str:
    days = (now - changed).days
    return "today" if days < 1 else f"{days} day{'s' if days > 1 else ''}"
