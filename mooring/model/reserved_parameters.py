"""Which parameters of a run are the host's own? Those that say what the run is for."""

from __future__ import annotations

from mooring.model.dead_letter import RETRY

PLAN = "mooring_plan"  # names the plan that the run applies
RESERVED = {
    PLAN: "`mooring jobs trigger APP_ID JOB --apply PLAN` gives it.",
    RETRY: "`mooring deadletter retry` gives it.",
}
"""What gives them instead."""
