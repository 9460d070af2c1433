"""In which JSON shapes do several commands print the same thing?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mooring.cli.attention import attention_json
from mooring.errors import MooringError
from mooring.model.installation import UpgradePhase
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation, Upgrade

PHASES: Mapping[str, str] = {
    UpgradePhase.PREPARING: "the former version serves while the new one is prepared",
    UpgradePhase.SWITCHED: "the new version serves, and may still be taken back",
    UpgradePhase.AFTERWARDS: (
        "the new version serves, but its on_after_upgrade has not succeeded; to call it again, "
        "repeat `mooring upgrade PATH`"
    ),
}


def installation_json(host: Host, installation: Installation) -> dict[str, Any]:
    """Describe one installation."""
    return {
        "app_id": installation.app_id,
        "account": installation.account,
        "version": installation.version,
        "state": installation.state.value,
        "install_id": installation.install_id,
        "installed_at": iso(installation.installed_at),
        "upgrade": _upgrade_json(installation.upgrade),
        "urls": _count_urls(host, installation),
        "attention": attention_json(host, installation),
        "schedules": [
            {
                "job": schedule.job,
                "cron": schedule.cron,
                "timezone": schedule.timezone,
                "next_at": iso(schedule.next_at),
            }
            for schedule in host.schedules.of(installation.install_id)
        ],
    }


def history_json(host: Host, installation: Installation, *, limit: int) -> list[dict[str, Any]]:
    """Say what happened to one installation, newest first."""
    found = host.history.of(install_id=installation.install_id, limit=limit)
    return [entry.to_json() for entry in found]


def upgrade_text(described: Mapping[str, str]) -> str:
    """Say how far an upgrade has come, and what is to be done."""
    return f"{described['from']} → {described['to']}: {PHASES[described['phase']]}"


def _count_urls(host: Host, installation: Installation) -> int:
    """Count the addresses, those of all accounts too; of a broken app, what is written down."""
    try:
        return len(host.endpoints(installation))
    except MooringError:
        return len(host.installations.endpoints(installation.install_id))


def _upgrade_json(upgrade: Upgrade | None) -> dict[str, str] | None:
    if upgrade is None:
        return None
    return {
        "from": upgrade.before.version,
        "to": upgrade.after.version,
        "phase": upgrade.phase.value,
    }
