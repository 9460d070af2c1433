"""``mooring secrets``: names and ages of an app's secrets, never their values."""

from __future__ import annotations

from datetime import datetime

import click

from mooring.cli.edge import answer, open_host, table
from mooring.cli.given import read_secret
from mooring.errors import NotFound, UsageError
from mooring.model.moment import iso
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
            name, _, source = key.partition("=")
            value = read_secret(checked_secret_key(name), source, repeated=True)
            if not value:
                raise UsageError(
                    f"The value of {name} is empty; nothing was stored.",
                    hint=f"To remove a secret: mooring secrets {app_id} rm {name}",
                )
            host.secrets(installation).put(name, {"value": value})
            answer(ctx, {"name": name, "set": True}, f"{name} is set.")
        else:
            if not host.secrets(installation).exists(key):
                raise NotFound(
                    f"{app_id} has no secret {key}.", hint=f"List them: mooring secrets {app_id}"
                )
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
    raise UsageError(f"`{' '.join(words)}` is not understood.", hint=FORMS)


def _age(now: datetime, changed: datetime) -> str:
    days = (now - changed).days
    return "today" if days < 1 else f"{days} day{'s' if days > 1 else ''}"
