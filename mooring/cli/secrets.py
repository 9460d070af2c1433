"""``mooring secrets``: names and ages of an app's secrets, never their values; a new master key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.edge import answer, open_host, say
from mooring.cli.given import read_secret
from mooring.cli.layout import table
from mooring.errors import Conflict, NotFound, UsageError
from mooring.model.amounts import age
from mooring.model.moment import iso
from mooring.sdk.records import checked_secret_key

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation

VERBS = ("list", "set", "rm")
FORMS = (
    "mooring secrets APP_ID · mooring secrets APP_ID set KEY [--add] · "
    "mooring secrets APP_ID rm KEY [--former] · mooring secrets rotate"
)


@click.command("secrets")
@click.argument(
    "words", nargs=-1, required=True, metavar="{APP_ID [set KEY | rm KEY] | list APP_ID | rotate}"
)
@click.option("--add", is_flag=True, help="With set: keep the former value valid beside it.")
@click.option("--former", is_flag=True, help="With rm: only the value that --add has kept.")
@click.option(
    "--new-key-file",
    metavar="FILE",
    help="With rotate: the new master key, where it is not the home's own; - for stdin.",
)
@click.option(
    "--grace",
    metavar="HOURS",
    type=click.FloatRange(0, 24 * 90),
    help="With rotate: how long the former key still opens the secrets, 24 by default.",
)
@click.option("--finish", is_flag=True, help="With rotate: end that period now.")
@click.pass_context
def command(ctx: click.Context, /, words: tuple[str, ...], **given: Any) -> None:
    """List, set or remove the secrets of an app, or encrypt all under a new master key.

    `set KEY` asks for the value; `set KEY=-` reads it from stdin, `set KEY=@FILE` from a file.
    `rotate` leaves what runs running. `list APP_ID` is for an app that is called rotate.
    """
    verb, app_id, key = _understood(words)
    _refuse_options(verb, given)
    if verb == "rotate":
        from mooring.cli.secret_rotation import rotate

        rotate(ctx, new_key_file=given["new_key_file"], grace=given["grace"], end=given["finish"])
        return
    with open_host(ctx, reads=verb == "list") as host:
        installation = host.installation(app_id)
        if verb == "list":
            _list(ctx, host, installation)
        elif verb == "set":
            _set(ctx, host, installation, key, add=given["add"])
        else:
            _remove(ctx, host, installation, key, former=given["former"])


def _understood(words: tuple[str, ...]) -> tuple[str, str, str]:
    """Read ``APP [verb KEY]`` or ``verb APP KEY``; a verb in front wins over an app's name."""
    if words[0] == "rotate":
        if len(words) == 1:
            return "rotate", "", ""
        raise UsageError(
            "`rotate` takes no more words; it concerns the secrets of all apps.",
            hint="An app of this name comes second: mooring secrets list rotate",
        )
    if words[0] in VERBS:
        words = (*words[1:2], words[0], *words[2:])
    match words:
        case (app_id,) | (app_id, "list"):
            return "list", app_id, ""
        case (app_id, ("set" | "rm") as verb, key):
            return verb, app_id, key
    raise UsageError(f"`{' '.join(words)}` is not understood.", hint=FORMS)


def _refuse_options(verb: str, given: Mapping[str, Any]) -> None:
    """Refuse an option of another verb: passing it over would do something else than meant."""
    belong = {"add": "set", "former": "rm"}
    for name, value in given.items():
        its = belong.get(name, "rotate")
        if value not in (None, False) and its != verb:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} belongs to `{its}`, not to `{verb}`.", hint=FORMS)


def _list(ctx: click.Context, host: Host, installation: Installation) -> None:
    secrets = host.secrets(installation)
    found = [(name, len(_values(secrets.get(name))) or 1, at) for name, at in secrets.names()]
    now = host.clock.now()
    rows = [[name, str(count), iso(at) or "-", age(now, at)] for name, count, at in found]
    data = [{"name": name, "values": count, "changed_at": iso(at)} for name, count, at in found]
    headers = ["SECRET", "VALUES", "CHANGED (UTC)", "AGE"]
    answer(ctx, data, table(headers, rows, empty=f"{installation.app_id} has no secrets."))


def _set(
    ctx: click.Context, host: Host, installation: Installation, given: str, *, add: bool
) -> None:
    from mooring.adapters.masking import SHORTEST

    name, _, source = given.partition("=")
    value = read_secret(checked_secret_key(name), source, repeated=True)
    if not value:
        raise UsageError(
            f"The value of {name} is empty; nothing was stored.",
            hint=f"To remove a secret: mooring secrets {installation.app_id} rm {name}",
        )
    secrets, count = host.secrets(installation), 1
    if add:
        former = secrets.patch(name, lambda record: _with_former(name, record, value))
        count += bool(former)
    else:
        secrets.put(name, {"value": value})
    host.history.record(installation, "secrets", message=f"set {name}{' --add' * add}")
    if len(value) < SHORTEST:
        say(ctx, f"{name} is so short that it cannot be hidden where it turns up, as in logs.")
    beside = " The former value is valid beside it." if count > 1 else ""
    answer(ctx, {"name": name, "set": True, "values": count}, f"{name} is set.{beside}")


def _with_former(name: str, record: Mapping[str, Any], value: str) -> dict[str, Any]:
    """Put the value before the one that was new until now."""
    if not record:
        return {"value": value}
    former = _values(record)
    if not former:
        raise Conflict(
            f"{name} was not set by hand: its app keeps something of its own there.",
            hint="Set it without --add to replace it.",
        )
    if former[0] == value:
        raise Conflict(f"{name} has this value already.", hint="Nothing was changed.")
    return {"values": [value, former[0]]}


def _remove(
    ctx: click.Context, host: Host, installation: Installation, name: str, *, former: bool
) -> None:
    secrets = host.secrets(installation)
    if not secrets.exists(name):
        raise NotFound(
            f"{installation.app_id} has no secret {name}.",
            hint=f"List them: mooring secrets {installation.app_id}",
        )
    if former:
        secrets.patch(name, lambda record: _without_former(installation.app_id, name, record))
    else:
        secrets.delete(name)
    host.history.record(installation, "secrets", message=f"rm {name}{' --former' * former}")
    what = f"The former value of {name}" if former else name
    answer(ctx, {"name": name, "removed": True}, f"{what} is removed.")


def _without_former(app_id: str, name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    values = _values(record)
    if len(values) < 2:
        raise NotFound(
            f"{name} has no former value.",
            hint=f"To remove it all: mooring secrets {app_id} rm {name}",
        )
    return {"value": values[0]}


def _values(record: Mapping[str, Any]) -> list[str]:
    """Return the values that were set, newest first; none where an app keeps its own."""
    match record:
        case {"values": [_, *_] as values}:
            return [str(value) for value in values]
        case {"value": value}:
            return [str(value)]
    return []
