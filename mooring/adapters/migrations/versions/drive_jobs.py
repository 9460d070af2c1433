"""Keep what driving jobs takes: when schedules were reckoned, how far runs are, what they left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the schema forward."""
    op.add_column("schedules", sa.Column("jitter", sa.Integer, nullable=False, server_default="0"))
    op.add_column("schedules", sa.Column("reckoned_at", sa.BigInteger))
    op.add_column("runs", sa.Column("workers_lost", sa.Integer, nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("statistics", sa.Text, nullable=False, server_default="{}"))
    op.add_column("runs", sa.Column("progress", sa.Text))
    op.add_column("runs", sa.Column("steps_when_taken", sa.Integer))
    key_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "app_copies",
        sa.Column("app_id", key_text, primary_key=True),
        sa.Column("name", key_text, primary_key=True),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    _share_budgets()
    op.create_table(
        "dead_letters",
        sa.Column("letter_id", sa.Text, primary_key=True),
        sa.Column("install_id", sa.BigInteger, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("install_id", "job", "key", name="one_letter_a_record"),
    )
    _watch_runs(key_text)
    _look_for_due_runs()


def _look_for_due_runs() -> None:
    op.drop_index("runs_pending", "runs")
    columns = ["scheduled_at", "install_id", "job", "created_at"]
    columns += ["not_before", "epoch", "run_id", "status"]
    _index("runs_pending", "runs", columns, where="status = 'PENDING'")


def _watch_runs(key_text: sa.types.TypeEngine[str]) -> None:
    op.add_column("runs", sa.Column("traceparent", sa.Text))
    op.add_column("runs", sa.Column("counted_epoch", sa.Integer))
    op.add_column("runs", sa.Column("counted", sa.Text))
    op.create_table(
        "run_totals",
        sa.Column("app_id", key_text, primary_key=True),
        sa.Column("job", key_text, primary_key=True),
        sa.Column("status", sa.Text, primary_key=True),
        sa.Column("ended", sa.BigInteger, nullable=False),
        sa.Column("work", sa.Text, nullable=False),
    )
    uncounted = "completed_at IS NOT NULL AND coalesce(counted_epoch, -1) <> epoch"
    _index("runs_uncounted", "runs", ["completed_at"], where=uncounted)
    _index("deliveries_dead", "deliveries", ["app_id", "function"], where="state = 'dead'")


def _index(name: str, table: str, columns: list[str], *, where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def _share_budgets() -> None:
    op.create_table(
        "budget_calls",
        sa.Column("budget", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("budget_calls_by_budget", "budget_calls", ["budget", "at"])
