"""``mooring doctor``: what is wrong here, and how to fix it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from mooring.adapters.home import Home
from mooring.cli.attention import attention_json
from mooring.cli.configuration import configuration
from mooring.cli.edge import answer
from mooring.cli.findings import Finding, looked
from mooring.cli.secret_findings import secret_findings
from mooring.cli.workers import worker_findings
from mooring.errors import MooringError
from mooring.model.amounts import counted
from mooring.model.config import HostConfig
from mooring.model.progress import duration_text

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation

PORTS = {"public": 8080, "console": 3000}


@click.command("doctor")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Look at this machine, this home, its secrets and its apps; exit 1 if something is wrong."""
    findings = list(_findings(configuration(ctx)))
    ok = all(finding.ok for finding in findings)
    answer(
        ctx,
        {"ok": ok, "findings": [asdict(finding) for finding in findings]},
        "\n".join(_text(finding) for finding in findings),
    )
    if not ok:
        ctx.exit(1)


def _findings(config: HostConfig) -> Iterator[Finding]:
    yield _python()
    home = looked("home", lambda: _home(config))
    yield home
    if home.ok:
        yield from _inside(config)
    yield from _ports(config)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    return Finding("python", fine, version, "" if fine else "Install Python 3.11 or newer.")


def _home(config: HostConfig) -> str:
    Home.open(config.home)
    return str(config.home)


def _inside(config: HostConfig) -> Iterator[Finding]:
    """Look at what needs the home: database, secrets, log, apps."""
    from mooring.hosting.host import Host

    try:
        host = Host.open(config)
    except MooringError as error:
        yield Finding("database", False, error.message, error.hint)
        return
    with host:
        kind = "PostgreSQL" if config.uses_postgresql else str(host.home.database)
        yield Finding("database", True, kind)
        yield from secret_findings(host)
        for installation in host.installations.all():
            name = f"app {installation.app_id} ({installation.account})"
            yield looked(name, partial(_app, host, installation))
            for each in attention_json(host, installation):
                yield Finding(name, False, each["message"], each["fix"])
            yield from _unfinished(name, installation)
        yield from _set_aside(host)
        yield from _dead(host)
        yield _served(host)
        yield from worker_findings(host)


def _unfinished(name: str, installation: Installation) -> Iterator[Finding]:
    """Tell of an upgrade whose last hook did not succeed: nothing calls it again by itself."""
    upgrade = installation.upgrade
    if upgrade and not upgrade.is_open:
        found = (
            f"the upgrade from {upgrade.before.version} is not finished: on_after_upgrade failed"
        )
        yield Finding(name, False, found, "Repeat `mooring upgrade PATH`; it calls it again.")


def _dead(host: Host) -> Iterator[Finding]:
    """Tell of deliveries that were set aside: they wait for somebody, however long."""
    from mooring.adapters.repositories.delivery_shelf import DeliveryShelf

    for app_id, count in DeliveryShelf(host.database).dead().items():
        found = f"{counted(count, 'delivery', 'deliveries')} of {app_id} set aside"
        fix = (
            "See why: mooring functions deliveries --state dead · once the reason is gone: "
            f"mooring functions replay --all-dead {app_id}"
        )
        yield Finding("deliveries", True, found, fix)


def _app(host: Host, installation: Installation) -> str:
    """Read the manifest and import every class that it names."""
    manifest = host.definition(installation).manifest
    host.lifecycle_class(installation)
    for name in manifest.functions:
        host.function_class(installation, name)
    for name in manifest.jobs:
        host.job_class(installation, name)
    return (
        f"{installation.version}, {installation.state.value}, "
        f"{counted(len(manifest.functions), 'function')}, {counted(len(manifest.jobs), 'job')}"
    )


def _set_aside(host: Host) -> Iterator[Finding]:
    """Say what waits on the shelf; that is no fault of this machine."""
    for each in host.dead_letters.counts():
        age = duration_text((host.clock.now() - each.oldest).total_seconds())
        name = f"job {each.app_id} {each.job} ({each.account})"
        said = f"{counted(each.letters, 'record')} set aside, the oldest for {age}"
        yield Finding(name, True, said, f"See which: mooring deadletter list {each.app_id}")


def _served(host: Host) -> Finding:
    running = host.home.addresses()
    if running:
        return Finding("serve", True, f"running at {running.public} (process {running.pid})")
    return Finding("serve", True, "not running; webhooks and schedules wait for `mooring serve`")


def _ports(config: HostConfig) -> Iterator[Finding]:
    """Say whether ``serve`` could listen on its default ports (a running one may hold them)."""
    try:
        if Home(config.home).addresses():
            return
    except OSError:
        return
    for name, port in PORTS.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                yield Finding(f"{name} port", True, f"{port} is free")
            except OSError:
                fix = f"Stop what uses it, or choose another: mooring serve --{name}-port 0"
                yield Finding(f"{name} port", False, f"{port} is in use", fix)


def _text(finding: Finding) -> str:
    line = f"{'ok ' if finding.ok else 'BAD'}  {finding.check}: {finding.found}"
    return f"{line}\n       {finding.fix}" if finding.fix else line
