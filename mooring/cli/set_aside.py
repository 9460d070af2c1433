"""How is it said, wherever it belongs, that records were set aside?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mooring.model.amounts import counted
from mooring.model.run import Run

if TYPE_CHECKING:
    from mooring.hosting.host import Host


def set_aside_by(host: Host, run: Run) -> str:
    """Say how many records a run set aside that are still there; empty for none."""
    records = host.dead_letters.of_run(run.run_id)
    where = f"mooring deadletter list {run.app_id} --job {run.job}"
    return f"{counted(records, 'record')}: {where}" if records else ""
