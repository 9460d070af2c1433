"""Create the tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the schema forward."""
    _notes()
    _installations()
    _runs()
    _schedules()
    _deliveries()
    _records("settings")
    _records("key_values")
    _index("key_values_expiring", "key_values", ["expires_at"], where="expires_at IS NOT NULL")
    _secrets()


def _notes() -> None:
    op.create_table("meta", _text("key", primary_key=True), _text("value"))
    op.create_table(
        "revisions",
        _text("topic", primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )


def _installations() -> None:
    op.create_table(
        "installations",
        sa.Column(
            "install_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        _key("app_id"),
        _key("account"),
        _text("version"),
        _text("root"),
        _text("state"),
        _moment("installed_at"),
        _moment("updated_at"),
        sqlite_autoincrement=True,
    )
    living = "state <> 'uninstalled'"
    _index(
        "installations_living", "installations", ["app_id", "account"], where=living, unique=True
    )
    op.create_table(
        "endpoints",
        _text("uuid", primary_key=True),
        sa.Column("install_id", sa.BigInteger, nullable=False),
        _text("app_id"),
        _text("function"),
        _moment("removed_at", nullable=True),
    )
    serving = "removed_at IS NULL"
    _index("endpoints_serving", "endpoints", ["install_id", "function"], where=serving, unique=True)


def _runs() -> None:
    op.create_table(
        "runs",
        _text("run_id", primary_key=True),
        sa.Column("install_id", sa.BigInteger, nullable=False),
        *(_text(name) for name in ("app_id", "account", "job", "status", "parameters", "state")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("steps", "epoch", "attempt")),
        _moment("scheduled_at"),
        _moment("created_at"),
        _text("worker", nullable=True),
        _text("error", nullable=True),
        *(
            _moment(name, nullable=True)
            for name in ("not_before", "heartbeat_at", "started_at", "completed_at")
        ),
        sa.Column("due_key", sa.Text, unique=True),
    )
    _index("runs_pending", "runs", ["scheduled_at"], where="status = 'PENDING'")
    _index("runs_running", "runs", ["heartbeat_at"], where="status = 'RUNNING'")
    _index("runs_recent", "runs", ["created_at"])
    _index("runs_of_job", "runs", ["install_id", "job", "created_at"])


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("install_id", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("job", primary_key=True),
        *(_text(name) for name in ("cron", "timezone", "overlap", "missed")),
        _moment("next_at", nullable=True),
        _text("parameters"),
    )
    _index("schedules_next", "schedules", ["next_at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        _text("delivery_id", primary_key=True),
        sa.Column("install_id", sa.BigInteger, nullable=False),
        *(_text(name) for name in ("app_id", "function", "dedupe_key", "request", "state")),
        sa.Column("attempts", sa.Integer, nullable=False),
        _moment("received_at"),
        _moment("due_at"),
        _text("error", nullable=True),
        sa.UniqueConstraint(
            "install_id", "app_id", "function", "dedupe_key", name="deliveries_once"
        ),
    )
    _index("deliveries_due", "deliveries", ["due_at"], where="state = 'pending'")
    _index("deliveries_recent", "deliveries", ["received_at"])


def _records(name: str) -> None:
    op.create_table(
        name,
        _key("owner", primary_key=True),
        _key("key", primary_key=True),
        _text("value"),
        _moment("expires_at", nullable=True),
    )


def _secrets() -> None:
    op.create_table(
        "secret_names",
        _key("owner", primary_key=True),
        _key("name", primary_key=True),
        _moment("changed_at"),
        _moment("expires_at", nullable=True),
    )
    op.create_table(
        "sealed_secrets",
        _key("service", primary_key=True),
        _key("username", primary_key=True),
        _text("key_id"),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
    )


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, primary_key=primary_key, nullable=nullable)


def _key(name: str, *, primary_key: bool = False) -> sa.Column[Any]:
    """Text that sorts by code point on PostgreSQL too."""
    by_code_point = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, by_code_point, primary_key=primary_key, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Microseconds since 1970."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _index(
    name: str, table: str, columns: list[str], *, where: str | None = None, unique: bool = False
) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)
