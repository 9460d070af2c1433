"""``mooring secrets rotate``: what is asked, what is told, and what is left for people to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from mooring.adapters.secrets.master_key import MAKE_ONE, MasterKey, keys_in
from mooring.cli.edge import answer, open_host, say
from mooring.cli.given import read_secret
from mooring.errors import UsageError
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.adapters.secrets.rotation import Rotated, Rotation
    from mooring.hosting.host import Host

TELL_EVERY = 1.0  # seconds


def rotate(ctx: click.Context, *, new_key_file: str | None, grace: float | None, end: bool) -> None:
    """Rotate the master key, or end the grace period of a rotation."""
    if end and (new_key_file or grace is not None):
        raise UsageError("--finish takes no other option: it ends a rotation that was made.")
    with open_host(ctx) as host:
        rotation = host.vault.rotation()
        if end:
            rotation.require_new_key()
            former = rotation.end_grace()
            _note(host, f"key {former} opens nothing any more")
            data = {"former_key_id": former, "finished": True}
            answer(ctx, data, f"Master key {former} opens nothing any more.")
            return
        if grace is not None and not rotation.key_is_given:
            raise UsageError(
                "This home's own key file has both keys until all is done; --grace is not needed.",
                hint="Leave it out.",
            )
        new_key = _read_key(new_key_file) if new_key_file else None
        hours = timedelta(hours=24 if grace is None else grace)
        done = rotation.run(new_key, grace=hours, progress=_progress(ctx))
        _note(host, f"{done.secrets} under key {done.key_id}, which follows {done.former_id}")
        answer(ctx, _data(done), _text(done, rotation, given=new_key))


def _read_key(file: str) -> MasterKey:
    text = read_secret("new master key", "-" if file == "-" else f"@{file}")
    keys = keys_in(text, place="stdin" if file == "-" else file, mend=MAKE_ONE)
    if len(keys) != 1:
        raise UsageError(f"One new master key is expected; here are {len(keys)}.")
    return keys[0]


def _progress(ctx: click.Context) -> Callable[[int, int], None]:
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            say(ctx, f"… {done:,} of {total:,} secrets")

    return tell


def _note(host: Host, message: str) -> None:
    """Every installation's secrets are concerned; every history says so."""
    for installation in host.installations.all():
        host.history.record(installation, "secrets", message=f"rotate: {message}")


def _data(done: Rotated) -> dict[str, object]:
    return {
        "key_id": done.key_id,
        "former_key_id": done.former_id,
        "secrets": done.secrets,
        "resumed": done.resumed,
        "former_key_until": iso(done.until),
        "unreadable": list(done.unreadable),
    }


def _text(done: Rotated, rotation: Rotation, *, given: MasterKey | None) -> str:
    first = "The rotation that was interrupted is finished: " if done.resumed else ""
    what = "secret is" if done.secrets == 1 else "secrets are"
    how_many = f"{done.secrets}{' more' * done.resumed} {what}"
    keys = f"{done.key_id} (before: {done.former_id})"
    lines = [f"{first}{how_many} encrypted under master key {keys}."]
    lines += [f"Does not open, and stays as it is: {name}" for name in done.unreadable]
    if given is not None and given.key_id != done.key_id:
        lines.append("The key that was given is not in use; rotate once more to take it.")
    return "\n".join([*lines, *_left_to_do(done, rotation)])


def _left_to_do(done: Rotated, rotation: Rotation) -> list[str]:
    if not rotation.key_is_given:
        return [
            f"It is in {rotation.place}; processes that run have it already.",
            "Back the file up. Older backups of the database need the former key.",
        ]
    if done.until is None:
        return [
            "The former key opens nothing any more.",
            f"Before anything is started again, put the new one in its place ({rotation.place}).",
        ]
    return [
        "Processes that run have it already.",
        f"Key {done.former_id} still opens the secrets until {iso(done.until)}; until then:",
        f"  1. On every machine, put the new key in its place ({rotation.place});",
        "     then restart serve and workers.",
        "  2. mooring secrets rotate --finish     (else it ends by itself at that time)",
        "Back the new key up. Older backups of the database need the former one.",
    ]
