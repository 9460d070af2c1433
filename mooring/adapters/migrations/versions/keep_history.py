"""Keep the history of installations, notifications, authorizations and leases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the schema forward."""
    for name in ("upgrade", "attention", "accepted"):
        op.add_column("installations", _text(name, nullable=True))
    _history()
    _undo()
    _notifications()
    _authorizations()
    op.create_table("leases", _text("name", primary_key=True), _text("holder"), _moment("until"))
    _deliveries()


def _deliveries() -> None:
    """Let those of busy installations be passed over without a look at their rows."""
    waiting = sa.text("state = 'pending'")
    op.drop_index("deliveries_due", "deliveries")
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["due_at", "install_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _history() -> None:
    op.create_table(
        "history",
        _number("entry_id"),
        _moment("at"),
        _text("actor"),
        sa.Column("install_id", sa.BigInteger, nullable=False),
        *map(_text, ("app_id", "account", "version", "action", "outcome", "message")),
        sqlite_autoincrement=True,
    )
    op.create_index("history_of_installation", "history", ["install_id", "entry_id"])


def _undo() -> None:
    op.create_table(
        "undo",
        sa.Column("install_id", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("place", primary_key=True),
        *map(_key, ("owner", "key")),
        _text("before", nullable=True),
        _text("after", nullable=True),
    )


def _notifications() -> None:
    op.create_table(
        "notifications",
        _number("notification_id"),
        _moment("at"),
        sa.Column("install_id", sa.BigInteger, nullable=False),
        *map(_text, ("app_id", "account", "level", "activity", "title", "summary")),
        _text("details", nullable=True),
        sqlite_autoincrement=True,
    )
    for owner, column in (("account", "account"), ("installation", "install_id")):
        op.create_index(f"notifications_of_{owner}", "notifications", [column, "notification_id"])


def _authorizations() -> None:
    op.create_table(
        "authorizations",
        _text("state_id", primary_key=True),
        sa.Column("install_id", sa.BigInteger, nullable=False),
        _text("section"),
        _text("redirect_uri"),
        _text("app_state", nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _text("outcome", nullable=True),
    )
    op.create_index("authorizations_expiring", "authorizations", ["expires_at"])


def _number(name: str) -> sa.Column[Any]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, primary_key=True, autoincrement=True)


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, primary_key=primary_key, nullable=nullable)


def _key(name: str) -> sa.Column[Any]:
    """Text that sorts by code point on every backend."""
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, kind, primary_key=True)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Microseconds since 1970."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)
