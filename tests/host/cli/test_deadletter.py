"""Records that jobs set aside, through the command line: seen, tried again, dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.masking import MASK
from mooring.cli.deadletter import letter_json
from mooring.errors import Conflict
from mooring.hosting.dead_letters import retry_letters
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.run import RunStatus
from tests.conftest import Program
from tests.host.cli.conftest import APP

JOB = """
from collections.abc import Mapping, Sequence
from typing import Any

from mooring.sdk import Job, JobStatus, storage

ORDERS = {"17": 5, "18": None, "19": None}


class Tidy(Job):
    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        return status or JobStatus()

    def perform(self, status: JobStatus) -> JobStatus:
        for key, total in ORDERS.items():
            if total is None:
                record = {"id": key, "customer": "Zoë", "api_key": "canary-key-17"}
                self.set_aside(record, f"Order {key} has no total.", key=key)
        return JobStatus(complete=True)
"""
RETRIES = """
    def retry_records(self, letters: Sequence[Any]) -> None:
        known = storage.kv_store.get("totals")
        for letter in letters:
            if letter.key not in known:
                self.set_aside(letter.record, f"Order {letter.key} still has none.", key=letter.key)
"""


@contextmanager
def opened(program: Program) -> Iterator[Host]:
    """Open the program's home here, which is quicker than another process."""
    with Host.open(HostConfig(home=program.home, secrets="encrypted")) as host:
        yield host


def set_up(program: Program, app: Path, job: str) -> None:
    """Install the app with this job, and let a run set two records aside."""
    (app / "src/jobs/tidy.py").write_text(f'"""Tidies."""{job}', "utf-8")
    with opened(program) as host:
        host.lifecycle.install(app)
        run_again(host)


def run_again(host: Host) -> None:
    run = host.jobs.trigger(host.installation(APP), "tidy", {})
    ended = host.jobs.execute(run.run_id, worker="test")
    assert ended.status is RunStatus.COMPLETE, ended.error


@pytest.fixture
def aside(cli: Program, app: Path) -> Program:
    """Give the program with two records set aside of an app that can try them again."""
    set_up(cli, app, JOB + RETRIES)
    return cli


def kept(program: Program) -> list[dict[str, Any]]:
    """Return what is set aside, as the list shows it."""
    with opened(program) as host:
        return [letter_json(shown) for shown in host.dead_letters.recent()]


def listed(program: Program, *arguments: str) -> list[Any]:
    found: list[Any] = program.ok("deadletter", "list", *arguments, "--json").json
    return found


def test_what_is_set_aside_is_listed_with_its_reason_and_counted(aside: Program) -> None:
    found = {each["key"]: each for each in listed(aside)}
    assert sorted(found) == ["18", "19"]
    letter = found["18"]
    assert (letter["app_id"], letter["account"], letter["job"]) == (APP, "local", "tidy")
    assert (letter["state"], letter["times"]) == ("set_aside", 1)
    assert letter["reason"] == "Order 18 has no total."
    said = aside.ok("deadletter", APP, "--limit", "1").out
    assert f"{APP} (account local), tidy: 2 records, the oldest for " in said
    assert len(said.splitlines()) == 4
    assert len(listed(aside, APP, "--job", "tidy")) == 2
    for app in ([APP], []):
        unknown = aside("deadletter", "list", *app, "--job", "tidi")
        assert unknown.status != 0
        assert "has no job tidi" in unknown.err.replace("No app has a", f"{APP} has no")
        assert "Did you mean tidy? Jobs: " in unknown.err
    assert listed(aside, "--account", "other") == []
    assert "greeter" in aside("deadletter", "list", "nothing").err


def test_one_is_shown_with_its_record_and_no_secret(aside: Program) -> None:
    (letter,) = [each for each in kept(aside) if each["key"] == "18"]
    shown = aside.ok("deadletter", "show", letter["letter_id"][:13], "--json").json
    assert shown["record"] == {"id": "18", "customer": "Zoë", "api_key": MASK}
    said = aside.ok("deadletter", "show", letter["letter_id"]).out
    assert "canary" not in said
    assert f"mooring deadletter retry {letter['letter_id']} --wait" in said
    assert "set aside  once, first at " in said
    unknown = aside("deadletter", "show", "ffffffff-0000")
    assert unknown.status == 66
    assert "mooring deadletter list" in unknown.err


def test_the_run_and_the_doctor_say_how_many_there_are(aside: Program) -> None:
    with opened(aside) as host:
        run_again(host)
    assert [each["times"] for each in kept(aside)] == [2, 2]
    said = aside.ok("jobs", "show", kept(aside)[0]["run_id"]).out
    assert f"set aside   2 records: mooring deadletter list {APP} --job tidy" in said
    findings = {each["check"]: each for each in aside("doctor", "--json").json["findings"]}
    finding = findings[f"job {APP} tidy (local)"]
    assert finding["ok"]
    assert finding["found"].startswith("2 records set aside, the oldest for ")
    assert finding["fix"] == f"See which: mooring deadletter list {APP}"


def test_a_retry_writes_what_it_can_and_leaves_the_rest(aside: Program) -> None:
    answer = aside("deadletter", "retry", "--all", APP, "--wait", "--json")
    assert answer.status == 1, answer.err
    assert (answer.json["retried"], answer.json["left"]) == (2, 2)
    assert {each["reason"] for each in kept(aside)} == {
        "Order 18 still has none.",
        "Order 19 still has none.",
    }
    with opened(aside) as host:
        services = host.invocation(host.installation(APP), entry_point="test").services
        services.kv_store.put("totals", {"18": 5})
    by_key = {each["key"]: each["letter_id"] for each in kept(aside)}
    answer = aside.ok("deadletter", "retry", by_key["18"], "--wait")
    assert "1 of 1 record handled." in answer.out
    assert "COMPLETE" in answer.out
    (left,) = kept(aside)
    assert (left["key"], left["times"]) == ("19", 2)


def test_a_retry_waits_for_serve_and_is_not_asked_for_twice(aside: Program) -> None:
    letter_id = kept(aside)[0]["letter_id"]
    answer = aside.ok("deadletter", "retry", letter_id)
    assert "1 record will be tried again." in answer.out
    assert "mooring serve" in answer.err
    assert sorted(each["state"] for each in kept(aside)) == ["retrying", "set_aside"]
    again = aside("deadletter", "retry", letter_id)
    assert again.status == 75
    assert "is being tried by a run" in again.err
    rest = aside.ok("deadletter", "retry", "--all", APP, "--json").json
    assert (rest["retried"], rest["left"]) == (1, None)
    (run_id,) = {each["run_id"] for each in kept(aside) if each["letter_id"] == letter_id}
    with opened(aside) as host:
        host.runs.terminate(run_id, now=host.clock.now())
    assert sorted(each["state"] for each in kept(aside)) == ["retrying", "set_aside"]


def test_of_two_retries_at_once_the_second_is_refused_and_writes_no_run(aside: Program) -> None:
    with opened(aside) as host:
        both = host.dead_letters.recent(app_id=APP)
        [run] = retry_letters(host, both[:1])
        with pytest.raises(Conflict, match="Of 2 records 1 are no longer here"):
            retry_letters(host, both)
        assert [each.run_id for each in host.runs.recent(app_id=APP, active=True)] == [run.run_id]
        assert sorted(each["state"] for each in kept(aside)) == ["retrying", "set_aside"]


def test_a_job_that_cannot_retry_says_so_and_changes_nothing(cli: Program, app: Path) -> None:
    set_up(cli, app, JOB)
    answer = cli("deadletter", "retry", "--all", APP)
    assert answer.status == 1
    assert "retry_records(self, letters)" in answer.err
    assert "src/jobs/tidy.py: The job Tidy cannot" in answer.err
    assert "--job" in answer.err
    assert "Traceback" not in answer.err
    assert {each["state"] for each in kept(cli)} == {"set_aside"}
    with opened(cli) as host:
        assert len(host.runs.recent()) == 1


def test_nothing_is_dropped_unless_somebody_says_yes(aside: Program) -> None:
    letter_id = kept(aside)[0]["letter_id"]
    refused = aside("deadletter", "drop", letter_id)
    assert refused.status == 2
    assert "--yes" in refused.err
    assert len(kept(aside)) == 2
    assert aside.ok("deadletter", "drop", letter_id, "--yes", "--json").json == {"dropped": 1}
    assert "1 record dropped." in aside.ok("deadletter", "drop", "--all", APP, "--yes").out
    assert kept(aside) == []
    assert "Nothing is set aside." in aside.ok("deadletter", "list").out
    assert "Nothing is set aside." in aside.ok("deadletter", "retry", "--all", APP, "--wait").out


@pytest.mark.parametrize(
    "given",
    [("retry",), ("drop", "abcd1234", "--all", APP), ("retry", "abcd1234", "--job", "tidy")],
)
def test_a_command_that_names_no_letters_asks_which(cli: Program, given: tuple[str, ...]) -> None:
    answer = cli("deadletter", *given)
    assert answer.status == 2
    assert "--all APP_ID" in answer.err


def test_a_home_that_is_not_there_has_nothing_set_aside(cli: Program) -> None:
    assert listed(cli) == []
    assert not cli.home.exists()


def test_a_run_that_is_waited_for_tells_what_it_set_aside(aside: Program) -> None:
    said = aside.ok("jobs", "trigger", APP, "tidy", "--wait").out
    assert f"set aside: 2 records: mooring deadletter list {APP} --job tidy" in said
