"""What has ``mooring doctor`` to say about secrets: the store, its key, their ages, which lack?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mooring.cli.addresses import secret_commands, unset_secrets
from mooring.cli.findings import Finding, looked
from mooring.errors import MooringError, SecretStoreUnusable
from mooring.model.amounts import age
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.adapters.secrets.handover import Handover
    from mooring.adapters.secrets.key_ring import KeyRing
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation

PROBE = "doctor/probe"
OLD = timedelta(days=180)


def secret_findings(host: Host) -> Iterator[Finding]:
    """Look at the store, at its master key, and at each installation's secrets."""
    store = looked("secrets", lambda: _store(host))
    yield store
    if store.ok:
        yield from _master_key(host)
        for installation in host.installations.all():
            if found := _of_installation(host, installation):
                yield found
            if found := _of_senders(host, installation):
                yield found


def _store(host: Host) -> str:
    """Write, read and delete a value, as the SDK would."""
    host.vault.set(PROBE, "probe", "written by mooring doctor")
    found = host.vault.get(PROBE, "probe")
    host.vault.delete(PROBE, "probe")
    if found != "written by mooring doctor":
        raise SecretStoreUnusable(
            "The secret store does not give back what was stored.",
            hint="Unlock the keychain of the user who made this home, then try again.",
        )
    why = f"; chosen because {host.vault.why}" if host.vault.why else ""
    return f"{host.vault.kind} store works{why}"


def _master_key(host: Host) -> Iterator[Finding]:
    from mooring.adapters.secrets.key_ring import KeyRing

    ring = host.vault.keys
    if not isinstance(ring, KeyRing):
        return
    try:
        current = ring.current().key_id
        given = [key.key_id for key in ring.given()]
        place = ", ".join(filter(None, [ring.source.place, ring.source.mode]))
    except (MooringError, OSError) as error:
        yield Finding("master key", False, str(error), "Put it back where it was.")
        return
    since = ring.rotated_at()
    found = f"{current}, from {place}, {f'since {iso(since)}' if since else 'the first of all'}"
    ok, fix = _advice(ring, given, current, ring.handover(even_if_over=True))
    yield Finding("master key", ok, found, fix)


def _advice(
    ring: KeyRing, given: list[str], current: str, handover: Handover | None
) -> tuple[bool, str]:
    """Say what there is to do about the key, and whether that has to be done."""
    if ring.source.own and len(given) > 1:
        return False, "A rotation was interrupted; go on with it: mooring secrets rotate"
    if current not in given:
        until = _until(handover) if handover else "now"
        return False, f"Only the former key is given here, which opens nothing from {until} on."
    if handover:
        return True, (
            f"Key {handover.former_id} opens the secrets too, until {_until(handover)}; when every "
            "process has the new one: mooring secrets rotate --finish"
        )
    if ring.source.mode and int(ring.source.mode, 8) & 0o077:
        return True, f"Others on this machine can read it: chmod 600 {ring.source.path}"
    return True, ""


def _until(handover: Handover) -> str | None:
    return iso(datetime.fromisoformat(handover.until))


def _of_installation(host: Host, installation: Installation) -> Finding | None:
    """Tell how old the secrets are, the oldest first."""
    names = sorted(host.vault.names(installation.owner), key=lambda each: each[1])
    if not names:
        return None
    now = host.clock.now()
    found = ", ".join(f"{_short(name)} {age(now, at)}" for name, at in names)
    old = [_short(name) for name, at in names if now - at > OLD]
    weak = [_short(name) for name, _ in names if not _can_be_hidden(host, installation, name)]
    fixes = []
    if old:
        fixes.append(f"Older than {OLD.days} days, time to renew: {', '.join(old)}.")
    if weak:
        fixes.append(f"Too short to be hidden in logs: {', '.join(weak)}.")
    check = f"secrets of {installation.app_id} ({installation.account})"
    return Finding(check, True, found, " ".join(fixes))


def _of_senders(host: Host, installation: Installation) -> Finding | None:
    """Tell which functions nobody can send to yet, which an app may leave to its people."""
    try:
        unset = unset_secrets(host, installation)
    except MooringError:
        return None  # the app cannot be read, which is a finding of its own
    if not unset:
        return None
    check = f"webhooks of {installation.app_id} ({installation.account})"
    found = f"503 to whoever sends to {', '.join(sorted(unset))}: no secret to check it with"
    return Finding(
        check,
        True,
        found,
        f"If they are to be used: {' · '.join(secret_commands(installation, unset))}",
    )


def _can_be_hidden(host: Host, installation: Installation, name: str) -> bool:
    from mooring.adapters.masking import can_be_hidden

    value = host.vault.get(installation.owner, name)
    return value is None or can_be_hidden(value)


def _short(name: str) -> str:
    """Name it as people do: ``section.field`` of a form, or the key that was set."""
    kind, _, rest = name.partition("/")
    return rest.replace("/", ".") if kind == "settings" else rest
