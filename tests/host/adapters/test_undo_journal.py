"""What hooks change is put back when their transition fails; what others change is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mooring.adapters.database import Database
from mooring.adapters.record_stores import KeyValueRecords, SecretRecords, SettingsRecords
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import undo
from mooring.adapters.undo_journal import UndoJournal
from mooring.model.installation import Installation
from mooring.model.run import JobSchedule, RunStatus
from mooring.testing.clock import FakeClock


class Desk:
    """One installation's stores, as hooks in a transition have them and as traffic has them."""

    def __init__(self, database: Database, vault: Vault, clock: FakeClock) -> None:
        self.clock = clock
        self.installation = _installed(database)
        self.journal = UndoJournal(self.installation, database, vault)
        self.owner = f"install/{self.installation.install_id}"
        self.schedules, self.runs = Schedules(database), Runs(database, clock=clock)
        self.hook_schedules = self.journal.schedules(self.schedules)
        self.hook_runs = self.journal.runs(self.runs)
        self.kv = KeyValueRecords(database, owner=self.owner, clock=clock)
        self.hook_kv = KeyValueRecords(self.journal.database, owner=self.owner, clock=clock)
        self.settings = self._settings(database, vault)
        self.hook_settings = self._settings(self.journal.database, self.journal.vault)
        self.secrets = SecretRecords(vault, owner=self.owner)
        self.hook_secrets = SecretRecords(self.journal.vault, owner=self.owner)
        self.vault = vault

    def _settings(self, database: Database, vault: Vault) -> SettingsRecords:
        secret = {"brevo": frozenset({"key"})}
        return SettingsRecords(
            database, owner=self.owner, vault=vault, secret_fields=secret, clock=self.clock
        )

    def put_back(self) -> None:
        """Call the transition off."""
        self.journal.put_back(
            schedules=self.schedules, runs=self.runs, now=self.clock.now(), reason="called off"
        )

    def schedule(self, cron: str, next_at: datetime | None) -> JobSchedule:
        """Describe the schedule of a job."""
        return JobSchedule(self.installation.install_id, "tidy", cron, next_at=next_at)


def _installed(database: Database) -> Installation:
    root = str(Path("/apps/shop"))
    return Installations(database).create(app_id="shop", account="a", version="1", root=root)


@pytest.fixture
def desk(database: Database, vault: Vault, clock: FakeClock) -> Desk:
    return Desk(database, vault, clock)


def test_records_are_put_back_with_their_expiry(desk: Desk) -> None:
    desk.kv.put("kept", {"by": "traffic"}, ttl=60)
    desk.hook_kv.put("kept", {"by": "the hook"})
    desk.hook_kv.patch("kept", {"twice": True})
    desk.hook_kv.put_many({"new/1": {"n": 1}, "new/2": {"n": 2}})
    desk.put_back()
    assert desk.kv.get("kept") == {"by": "traffic"}
    assert desk.kv.scan("new/") == []
    desk.clock.advance(61)
    assert desk.kv.get("kept") == {}


def test_what_a_hook_removed_is_there_again(desk: Desk) -> None:
    desk.kv.put_many({"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}})
    desk.hook_kv.delete("a")
    desk.hook_kv.delete_many(["b", "c", "never"])
    desk.put_back()
    assert desk.kv.get_many(["a", "b", "c"]) == {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}}
    assert not desk.kv.exists("never")


def test_what_traffic_changed_after_the_hook_stays(desk: Desk) -> None:
    desk.kv.put("counter", {"n": 1})
    desk.hook_kv.put("counter", {"n": 100})
    desk.kv.patch("counter", lambda record: {"n": record["n"] + 1})
    desk.put_back()
    assert desk.kv.get("counter") == {"n": 101}


def test_what_traffic_changed_between_two_changes_of_the_hook_is_put_back(desk: Desk) -> None:
    desk.kv.put("place", {"by": "nobody"})
    desk.hook_kv.put("place", {"by": "the hook"})
    desk.kv.put("place", {"by": "traffic"})
    desk.hook_kv.put("place", {"by": "the hook again"})
    desk.put_back()
    assert desk.kv.get("place") == {"by": "traffic"}


def test_settings_and_their_secrets_are_put_back(desk: Desk) -> None:
    desk.settings.put("brevo", {"key": "xkeysib-old", "list": 1})
    desk.hook_settings.put("brevo", {"key": "xkeysib-new", "list": 2})
    assert desk.settings.get("brevo") == {"key": "xkeysib-new", "list": 2}
    desk.put_back()
    assert desk.settings.get("brevo") == {"key": "xkeysib-old", "list": 1}


def test_secrets_are_put_back_and_none_is_left_in_the_journal(desk: Desk) -> None:
    desk.secrets.put("token", {"value": "old"})
    desk.hook_secrets.put("token", {"value": "new"})
    desk.hook_secrets.put("added", {"value": "new"})
    desk.put_back()
    assert desk.secrets.get("token") == {"value": "old"}
    assert [name for name, _ in desk.secrets.names()] == ["token"]
    assert desk.vault.names(f"undo/{desk.installation.install_id}") == []


def test_a_secret_that_somebody_renewed_meanwhile_stays_renewed(desk: Desk) -> None:
    desk.hook_secrets.put("token", {"value": "the hook's"})
    desk.secrets.put("token", {"value": "renewed"})
    desk.put_back()
    assert desk.secrets.get("token") == {"value": "renewed"}


def test_the_journal_keeps_no_secret_in_the_database(desk: Desk, database: Database) -> None:
    desk.secrets.put("token", {"value": "canary-before"})
    desk.hook_secrets.put("token", {"value": "canary-after"})
    desk.hook_settings.put("brevo", {"key": "canary-setting"})
    with database.read() as connection:
        assert "canary" not in repr(connection.execute(select(undo)).all())


def test_a_schedule_is_put_back_though_it_moved_on(desk: Desk) -> None:
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    desk.schedules.put(desk.schedule("0 12 * * *", noon))
    desk.hook_schedules.put(desk.schedule("*/5 * * * *", noon))
    desk.schedules.advance(desk.schedule("*/5 * * * *", noon), next_at=noon + timedelta(minutes=5))
    desk.put_back()
    assert desk.schedules.of(desk.installation.install_id) == [desk.schedule("0 12 * * *", noon)]


def test_a_schedule_that_somebody_changed_meanwhile_stays(desk: Desk) -> None:
    desk.hook_schedules.put(desk.schedule("*/5 * * * *", None))
    desk.schedules.put(desk.schedule("0 8 * * *", None))
    desk.put_back()
    assert [s.cron for s in desk.schedules.of(desk.installation.install_id)] == ["0 8 * * *"]


def test_a_run_that_a_hook_starts_waits_until_the_transition_has_succeeded(desk: Desk) -> None:
    run = desk.hook_runs.create(desk.installation, "tidy", {}, scheduled_at=desk.clock.now())
    assert run is not None
    later = desk.clock.now() + timedelta(days=365)
    assert desk.runs.claimable(now=later) == []
    desk.journal.forget(runs=desk.runs, now=desk.clock.now())
    now = desk.clock.now()
    assert [r.run_id for r in desk.runs.claimable(now=now)] == [run.run_id]


def test_traffic_does_not_count_on_a_run_that_may_never_begin(desk: Desk) -> None:
    desk.hook_runs.create(desk.installation, "tidy", {}, scheduled_at=desk.clock.now())
    install_id = desk.installation.install_id
    assert desk.runs.recent(install_id=install_id, active=True) == []
    desk.journal.forget(runs=desk.runs, now=desk.clock.now())
    assert len(desk.runs.recent(install_id=install_id, active=True)) == 1


def test_a_run_that_a_hook_started_ends_with_the_transition_that_failed(desk: Desk) -> None:
    run = desk.hook_runs.create(desk.installation, "tidy", {}, scheduled_at=desk.clock.now())
    assert run is not None
    desk.put_back()
    ended = desk.runs.get(run.run_id)
    assert (ended.status, ended.error) == (RunStatus.TERMINATED, "called off")


def test_after_success_nothing_is_put_back(desk: Desk) -> None:
    desk.hook_kv.put("added", {"by": "the hook"})
    desk.hook_secrets.put("added", {"value": "the hook's"})
    desk.journal.forget(runs=desk.runs, now=desk.clock.now())
    desk.put_back()
    assert desk.kv.get("added") == {"by": "the hook"}
    assert desk.secrets.get("added") == {"value": "the hook's"}
