"""In which JSON shapes do several commands print the same thing?"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mooring.host import Host
    from mooring.model.installation import Installation


def iso(moment: datetime | None) -> str | None:
    """Write a moment as ISO 8601 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def installation_json(host: Host, installation: Installation) -> dict[str, Any]:
    """Describe one installation."""
    return {
        "app_id": installation.app_id,
        "account": installation.account,
        "version": installation.version,
        "state": installation.state.value,
        "install_id": installation.install_id,
        "installed_at": iso(installation.installed_at),
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
