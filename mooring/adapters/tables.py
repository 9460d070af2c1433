"""Which tables does the host's database have? The migrations make exactly these.

There are no foreign keys: runs and addresses outlive their installation on purpose, and what must
go together is deleted together in one transaction.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mooring.adapters.columns import FreeText, JsonText, Moment, key_text, row_number
from mooring.model.installation import InstallationState

metadata = MetaData()

meta = Table(
    "meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False)
)

revisions = Table(
    "revisions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

# AUTOINCREMENT: the id of a purged installation must never name a later one.
installations = Table(
    "installations",
    metadata,
    Column("install_id", row_number(), primary_key=True, autoincrement=True),
    Column("app_id", key_text(), nullable=False),
    Column("account", key_text(), nullable=False),
    Column("version", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("installed_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # Between which versions an upgrade is, so that one which was cut off can be called off.
    Column("upgrade", JsonText),
    # Why somebody has to look at it, section by section: [{"section", "message", "at"}].
    Column("attention", JsonText),
    # When each section was last saved without errors.
    Column("accepted", JsonText),
    sqlite_autoincrement=True,
)
LIVING = text(f"state <> '{InstallationState.UNINSTALLED.value}'")
Index(
    "installations_living",
    installations.c.app_id,
    installations.c.account,
    unique=True,
    sqlite_where=LIVING,
    postgresql_where=LIVING,
)

# Every transition of every installation; rows are added and never changed.
history = Table(
    "history",
    metadata,
    Column("entry_id", row_number(), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("actor", FreeText, nullable=False),
    Column("install_id", BigInteger, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("message", FreeText, nullable=False),
    sqlite_autoincrement=True,
)
Index("history_of_installation", history.c.install_id, history.c.entry_id)

# What the hooks of a transition changed, until it has ended: for each place what was there before
# the hook, to put back, and what the hook left, to tell whether somebody changed it since.
undo = Table(
    "undo",
    metadata,
    Column("install_id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Text, primary_key=True),
    Column("owner", key_text(), primary_key=True),
    Column("key", key_text(), primary_key=True),
    Column("before", JsonText),
    Column("after", JsonText),
)

# What apps tell the people whose account it is.
notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", row_number(), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("install_id", BigInteger, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("activity", FreeText, nullable=False),
    Column("title", FreeText, nullable=False),
    Column("summary", FreeText, nullable=False),
    Column("details", FreeText),
    sqlite_autoincrement=True,
)
Index("notifications_of_account", notifications.c.account, notifications.c.notification_id)
Index("notifications_of_installation", notifications.c.install_id, notifications.c.notification_id)

# Authorizations that were begun; a used one stays until it expires, so that it is used once.
authorizations = Table(
    "authorizations",
    metadata,
    Column("state_id", Text, primary_key=True),
    Column("install_id", BigInteger, nullable=False),
    Column("section", Text, nullable=False),
    # What the provider was told, to the letter: it is asked for again with the code.
    Column("redirect_uri", Text, nullable=False),
    # What the app itself put into the state, which it gets back.
    Column("app_state", FreeText),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    # What became of it, for whoever waits at a command.
    Column("outcome", JsonText),
    Index("authorizations_expiring", "expires_at"),
)

# Who may do alone, for a while, what several processes might do at once.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Moment, nullable=False),
)

# The versions of apps that the homes of several machines share, sealed; ``name`` is that of the
# copy, a version and a digest.
app_copies = Table(
    "app_copies",
    metadata,
    Column("app_id", key_text(), primary_key=True),
    Column("name", key_text(), primary_key=True),
    Column("stored_at", Moment, nullable=False),
    Column("content", Text, nullable=False),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("install_id", BigInteger, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("removed_at", Moment),
)
SERVING = text("removed_at IS NULL")
Index(
    "endpoints_serving",
    endpoints.c.install_id,
    endpoints.c.function,
    unique=True,
    sqlite_where=SERVING,
    postgresql_where=SERVING,
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("install_id", BigInteger, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("parameters", JsonText, nullable=False),
    Column("state", JsonText, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("scheduled_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("worker", Text),
    Column("error", FreeText),
    Column("not_before", Moment),
    Column("heartbeat_at", Moment),
    Column("started_at", Moment),
    Column("completed_at", Moment),
    Column("due_key", Text, unique=True),
    # How many steps were committed when the present worker took the run.
    Column("steps_when_taken", Integer),
    Column("workers_lost", Integer, nullable=False),
    Column("statistics", JsonText, nullable=False),
    Column("progress", JsonText),
    # What triggered it, for whoever follows traces (W3C).
    Column("traceparent", Text),
    # In which epoch its end went into run_totals, and what of its statistics did.
    Column("counted_epoch", Integer),
    Column("counted", JsonText),
)
PENDING = text("status = 'PENDING'")
RUNNING = text("status = 'RUNNING'")
Index(
    "runs_pending",
    runs.c.scheduled_at,
    # What else tells whether one can be begun, so that no row is read which cannot.
    *(runs.c.install_id, runs.c.job, runs.c.created_at, runs.c.not_before),
    *(runs.c.epoch, runs.c.run_id, runs.c.status),
    sqlite_where=PENDING,
    postgresql_where=PENDING,
)
Index("runs_running", runs.c.heartbeat_at, sqlite_where=RUNNING, postgresql_where=RUNNING)
UNCOUNTED = text("completed_at IS NOT NULL AND coalesce(counted_epoch, -1) <> epoch")
Index("runs_uncounted", runs.c.completed_at, sqlite_where=UNCOUNTED, postgresql_where=UNCOUNTED)
Index("runs_recent", runs.c.created_at)
Index("runs_of_job", runs.c.install_id, runs.c.job, runs.c.created_at)

# How many runs of each job ended in each way, and what their steps took, since there is this host.
run_totals = Table(
    "run_totals",
    metadata,
    Column("app_id", key_text(), primary_key=True),
    Column("job", key_text(), primary_key=True),
    Column("status", Text, primary_key=True),
    Column("ended", BigInteger, nullable=False),
    Column("work", JsonText, nullable=False),
)

# What a job set aside, one row a record: ``record`` is sealed, for it is what people entered.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("letter_id", Text, primary_key=True),
    Column("install_id", BigInteger, nullable=False),
    Column("job", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", FreeText, nullable=False),
    Column("record", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("install_id", "job", "key", name="one_letter_a_record"),
)

# Calls that were counted against budgets, where several machines share them.
budget_calls = Table(
    "budget_calls",
    metadata,
    Column("budget", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("budget_calls_by_budget", "budget", "at"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("install_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job", Text, primary_key=True),
    Column("cron", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("overlap", Text, nullable=False),
    Column("missed", Text, nullable=False),
    Column("next_at", Moment),
    Column("parameters", JsonText, nullable=False),
    Column("jitter", Integer, nullable=False, server_default="0"),
    # When next_at was reckoned, by the clock of whoever did it.
    Column("reckoned_at", Moment),
    Index("schedules_next", "next_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("install_id", BigInteger, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("dedupe_key", FreeText, nullable=False),
    Column("request", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("error", FreeText),
    # The app's id counts too: functions of no installation have install_id 0 in every app.
    UniqueConstraint("install_id", "app_id", "function", "dedupe_key", name="deliveries_once"),
)
WAITING = text("state = 'pending'")
Index(
    "deliveries_due",
    *(deliveries.c.due_at, deliveries.c.install_id),
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
Index("deliveries_recent", deliveries.c.received_at)
DEAD = text("state = 'dead'")
Index(
    "deliveries_dead",
    *(deliveries.c.app_id, deliveries.c.function),
    sqlite_where=DEAD,
    postgresql_where=DEAD,
)

settings = Table(
    "settings",
    metadata,
    Column("owner", key_text(), primary_key=True),
    Column("key", key_text(), primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", Moment),
)

key_values = Table(
    "key_values",
    metadata,
    Column("owner", key_text(), primary_key=True),
    Column("key", key_text(), primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", Moment),
)
EXPIRING = text("expires_at IS NOT NULL")
Index(
    "key_values_expiring", key_values.c.expires_at, sqlite_where=EXPIRING, postgresql_where=EXPIRING
)

# Which secrets there are, whoever keeps their values: an OS keychain cannot list.
secret_names = Table(
    "secret_names",
    metadata,
    Column("owner", key_text(), primary_key=True),
    Column("name", key_text(), primary_key=True),
    Column("changed_at", Moment, nullable=False),
    Column("expires_at", Moment),
)

# What the encrypted store keeps; never anything in clear.
sealed_secrets = Table(
    "sealed_secrets",
    metadata,
    Column("service", key_text(), primary_key=True),
    Column("username", key_text(), primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
)
