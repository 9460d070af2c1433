"""What do tests of runs begin with? A run of an app, and where it stands."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mooring.adapters.repositories.runs import Runs
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import Run, Standing
from mooring.testing.clock import START

SOON = START + timedelta(minutes=1)
LATER = START + timedelta(hours=1)


def installation(install_id: int = 1, app_id: str = "shop") -> Installation:
    return Installation(
        install_id,
        app_id,
        "local",
        "1.0.0",
        Path("/apps"),
        InstallationState.INSTALLED,
        START,
        START,
    )


def stands(state: dict[str, Any]) -> Standing:
    return Standing(state, json.dumps(state))


def new(runs: Runs, job: str = "sync", *, install_id: int = 1, at: datetime = START) -> Run:
    made = runs.create(installation(install_id), job, {"full": True}, scheduled_at=at)
    assert made is not None
    return made
