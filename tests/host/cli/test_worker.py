"""`mooring worker`: more capacity for jobs, with PostgreSQL alone."""

from __future__ import annotations

from tests.conftest import Program


def test_a_worker_needs_postgresql(cli: Program) -> None:
    answer = cli("worker")
    assert answer.status == 78
    assert "`mooring worker` needs PostgreSQL" in answer.err
    assert answer.out == ""


def test_a_worker_that_cannot_open_the_secret_store_does_not_start(
    cli: Program, postgresql_url: str
) -> None:
    answer = cli("worker", MOORING_DATABASE_URL=postgresql_url)
    assert answer.status == 78
    assert "Set MOORING_MASTER_KEY" in answer.err
