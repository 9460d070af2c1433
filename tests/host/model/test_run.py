"""A run is the same to whoever writes about it."""

from __future__ import annotations

from mooring.model.run import Run, RunStatus
from mooring.testing.clock import START


def test_a_line_about_a_run_says_whose_it_is_and_where_it_stands() -> None:
    run = Run(
        *("r1", 7, "shop", "local", "sync", RunStatus.PENDING, {"secret": "s"}, {}, 3, 2, 0),
        scheduled_at=START,
        created_at=START,
    )
    assert run.log_fields == {
        "app_id": "shop",
        "account": "local",
        "install_id": 7,
        "run_id": "r1",
        "job": "sync",
        "status": "PENDING",
        "steps": 3,
        "epoch": 2,
    }
