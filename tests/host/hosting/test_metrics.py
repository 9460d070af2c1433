"""The figures of a host as Prometheus reads them: right after crashes, and nobody's secrets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mooring.hosting.host import Host
from mooring.hosting.metrics import metrics
from mooring.model.delivery import Delivery, DeliveryState
from mooring.model.installation import Installation
from mooring.model.run import JobSchedule
from tests.host.apps import App

CANARY = "canary-7f3a9c@example.com"


@pytest.fixture
def installation(host: Host, tmp_path: Path) -> Installation:
    """Install an app with a job of three steps, tried once."""
    app = App(tmp_path / "app").counting(retry={"attempts": 1})
    app.function("hook", "return Response(200)", verify="github")
    return host.lifecycle.install(app.finish())


def figures(host: Host) -> dict[str, float]:
    """Return every sample by its name and labels, as a query would name it."""
    found = {}
    for family in text_string_to_metric_families(metrics(host).decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def executed(host: Host, installation: Installation, **parameters: Any) -> None:
    run = host.jobs.trigger(installation, "count", parameters)
    host.jobs.execute(run.run_id, worker="test")


def test_runs_and_their_steps_are_counted(host: Host, installation: Installation) -> None:
    executed(host, installation)
    executed(host, installation)
    executed(host, installation, fails="Odd.")
    found = figures(host)
    assert found["mooring_runs_ended_total{app=shop,job=count,status=COMPLETE}"] == 2
    assert found["mooring_runs_ended_total{app=shop,job=count,status=ERROR}"] == 1
    assert found["mooring_step_failures_total{app=shop,job=count}"] == 1
    steps = "mooring_step_duration_seconds"
    assert found[f"{steps}_count{{app=shop,job=count}}"] == 6
    assert found[f"{steps}_bucket{{app=shop,job=count,le=+Inf}}"] == 6
    assert found[f"{steps}_sum{{app=shop,job=count}}"] > 0


def test_another_process_and_the_next_one_see_the_same_counters(
    host: Host, installation: Installation
) -> None:
    executed(host, installation)
    before = figures(host)
    with Host.open(host.config) as another:
        after = figures(another)
    counters = [name for name in before if "_total" in name or "_bucket" in name]
    assert counters
    assert {n: before[n] for n in counters} == {n: after[n] for n in counters}


def test_the_queue_has_an_age_once_a_run_could_begin(
    host: Host, installation: Installation
) -> None:
    run = host.jobs.trigger(installation, "count", {})
    at = "{app=shop,job=count}"
    assert figures(host)[f"mooring_run_queue_age_seconds{at}"] >= 0
    assert figures(host)["mooring_runs{app=shop,job=count,status=PENDING}"] == 1
    taken = host.runs.take(run.run_id, worker="test", now=host.clock.now())
    assert figures(host)["mooring_runs{app=shop,job=count,status=RUNNING}"] == 1
    later = host.clock.now() + timedelta(hours=1)
    host.runs.postpone(taken, until=later, error="Later.", attempt=0)
    assert figures(host)[f"mooring_run_queue_age_seconds{at}"] == 0


def test_schedules_are_late_and_overdue(host: Host, installation: Installation) -> None:
    now = host.clock.now()
    for number, seconds in enumerate((1, 2, 30)):
        due = now - timedelta(seconds=seconds)
        host.runs.create(installation, "count", {}, scheduled_at=due, due_key=str(number))
    overdue = now - timedelta(minutes=5)
    host.schedules.put(JobSchedule(1, "count", "0 0 3 * * ?", next_at=overdue))
    found = figures(host)
    assert 2 <= found["mooring_schedule_lateness_seconds{quantile=0.5}"] < 20
    assert found["mooring_schedule_lateness_seconds{quantile=1}"] >= 30
    assert found["mooring_schedule_overdue_seconds"] >= 300


def test_nothing_late_and_nothing_overdue_is_said_as_such(host: Host) -> None:
    found = figures(host)
    assert found["mooring_schedule_overdue_seconds"] == 0
    assert not any("lateness" in name for name in found)


def test_deliveries_that_wait_and_that_are_dead_are_counted(
    host: Host, installation: Installation
) -> None:
    now = host.clock.now()
    for number, state in enumerate(["pending", "pending", "dead", "done"]):
        due = now - timedelta(minutes=number + 1)
        given = (str(number), installation.install_id, "shop", "hook", str(number), "{}")
        host.deliveries.accept([Delivery(*given, DeliveryState(state), 0, due, due)])
    found = figures(host)
    assert found["mooring_deliveries{app=shop,function=hook,state=pending}"] == 2
    assert found["mooring_deliveries{app=shop,function=hook,state=dead}"] == 1
    assert 120 <= found["mooring_delivery_queue_age_seconds{app=shop,function=hook}"] < 170


def test_letters_are_counted_over_all_accounts(host: Host, installation: Installation) -> None:
    for key in ("one", "two"):
        host.dead_letters.set_aside(
            installation.install_id,
            job="count",
            run_id="r1",
            key=key,
            record={"email": CANARY},
            reason="Odd.",
        )
    assert figures(host)["mooring_dead_letters{app=shop,job=count}"] == 2


def test_no_secret_and_nobody_is_named(host: Host, installation: Installation) -> None:
    executed(host, installation, fails=CANARY)
    host.secrets(installation).put("token", {"value": CANARY})
    text = metrics(host).decode()
    assert CANARY not in text
    assert installation.account not in text


def test_asking_again_reads_no_run_that_has_ended(host: Host, installation: Installation) -> None:
    for _ in range(3):
        executed(host, installation)
    metrics(host)
    with host.database.read() as connection:
        left = connection.exec_driver_sql(
            "SELECT count(*) FROM runs WHERE completed_at IS NOT NULL "
            "AND coalesce(counted_epoch, -1) <> epoch"
        )
        assert left.scalar() == 0
