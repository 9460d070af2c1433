"""In which JSON shapes do several commands print the same thing?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mooring.cli.attention import attention_json
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.host import Host
    from mooring.model.installation import Installation


def installation_json(host: Host, installation: Installation) -> dict[str, Any]:
    """Describe one installation."""
    return {
        "app_id": installation.app_id,
        "account": installation.account,
        "version": installation.version,
        "state": installation.state.value,
        "install_id": installation.install_id,
        "installed_at": iso(installation.installed_at),
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
