"""What does a host tell whoever watches over it? Its figures, as Prometheus reads them.

All of them come from the database, when somebody asks: so they are those of every worker on every
machine, and no restart forgets any. Labels name apps, jobs and functions, which manifests bound;
never accounts, people or anything that was sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from mooring import __version__
from mooring.adapters.repositories.delivery_figures import delivery_figures
from mooring.adapters.repositories.lateness import Lateness
from mooring.adapters.repositories.run_totals import RunTotals, Work
from mooring.model.run import RunStatus
from mooring.model.step_times import BOUNDS

if TYPE_CHECKING:
    from mooring.hosting.host import Host

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LATELY = timedelta(hours=1)
MOST_FIRED = 1000  # of the latest, for what is said of lateness
SHARES = (0.5, 0.99, 1.0)

_Sample: TypeAlias = tuple[Sequence[str], float]


def metrics(host: Host) -> bytes:
    """Return the figures of the whole database. Raises MooringError when it cannot be read."""
    return generate_latest(_registry(host))


def metrics_json(host: Host) -> list[dict[str, Any]]:
    """Return the same for machines that do not read Prometheus' format. Raises MooringError."""
    return [
        {
            "name": family.name,
            "type": family.type,
            "help": family.documentation,
            "samples": [
                {"name": sample.name, "labels": dict(sample.labels), "value": sample.value}
                for sample in family.samples
            ],
        }
        for family in _registry(host).collect()
    ]


def _registry(host: Host) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(host))
    return registry


class _Figures(Collector):
    """Asks the database once, when a registry collects."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._now = host.clock.now()

    def describe(self) -> Iterator[Metric]:
        """Name nothing in advance: that would ask the database for nothing."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Give every figure."""
        yield InfoMetricFamily("mooring", "This host.", value={"version": __version__})
        yield from self._runs()
        yield from self._schedules()
        yield from self._deliveries()
        letters: Counter[Sequence[str]] = Counter()
        for count in self._host.dead_letters.counts():
            letters[count.app_id, count.job] += count.letters
        yield _gauge(
            "mooring_dead_letters", "Records that jobs set aside.", ("app", "job"), letters.items()
        )

    def _runs(self) -> Iterator[Metric]:
        totals = RunTotals(self._host.database)
        queues = totals.queues(self._now)
        yield _gauge(
            "mooring_runs",
            "Runs that are not over.",
            ("app", "job", "status"),
            [
                ((queue.app_id, queue.job, status.value), count)
                for queue in queues
                for status, count in (
                    (RunStatus.PENDING, queue.pending),
                    (RunStatus.RUNNING, queue.running),
                )
            ],
        )
        yield _gauge(
            "mooring_run_queue_age_seconds",
            "For how long the first run that could have begun has been waiting for a worker.",
            ("app", "job"),
            [((q.app_id, q.job), self._age(q.due_since)) for q in queues],
        )
        found = totals.look()
        yield _counter(
            "mooring_runs_ended", "Runs that ended.", ("app", "job", "status"), found.ended.items()
        )
        yield _counter(
            "mooring_step_failures",
            "Steps of jobs that failed, whether or not they were tried again.",
            ("app", "job"),
            [(job, work.failures) for job, work in found.work.items()],
        )
        yield _histogram(found.work.items())

    def _schedules(self) -> Iterator[Metric]:
        late = sorted(Lateness(self._host.database).since(self._now - LATELY, limit=MOST_FIRED))
        yield _gauge(
            "mooring_schedule_lateness_seconds",
            "How late schedules fired in the last hour, by share of them.",
            ("quantile",),
            [((f"{share:g}",), _at(late, share)) for share in SHARES if late],
        )
        due = self._host.schedules.due(self._now, limit=1)
        yield _gauge(
            "mooring_schedule_overdue_seconds",
            "For how long the first due schedule has been waiting for a scheduler.",
            (),
            [((), self._age(due[0].next_at if due else None))],
        )

    def _deliveries(self) -> Iterator[Metric]:
        found = delivery_figures(self._host.database, now=self._now)
        yield _gauge(
            "mooring_deliveries",
            "Webhook requests that were accepted and not handled: pending, or dead.",
            ("app", "function", "state"),
            [
                ((each.app_id, each.function, state), count)
                for each in found
                for state, count in (("pending", each.pending), ("dead", each.dead))
            ],
        )
        yield _gauge(
            "mooring_delivery_queue_age_seconds",
            "For how long the first delivery that is due has been waiting.",
            ("app", "function"),
            [((each.app_id, each.function), self._age(each.due_since)) for each in found],
        )

    def _age(self, since: datetime | None) -> float:
        return 0.0 if since is None else max((self._now - since).total_seconds(), 0.0)


def _gauge(name: str, said: str, labels: Sequence[str], samples: Iterable[_Sample]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _counter(name: str, said: str, labels: Sequence[str], samples: Iterable[_Sample]) -> Metric:
    family = CounterMetricFamily(name, said, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _histogram(work: Iterable[tuple[Sequence[str], Work]]) -> Metric:
    said = "What steps of jobs took that did not fail."
    family = HistogramMetricFamily("mooring_step_duration_seconds", said, labels=("app", "job"))
    bounds = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
    for labels, done in work:
        counts = map(float, accumulate(done.buckets))
        buckets = list(zip(bounds, counts, strict=True))
        family.add_metric(labels, buckets=buckets, sum_value=done.milliseconds / 1000)
    return family


def _at(sorted_numbers: Sequence[float], share: float) -> float:
    """Return the number below or at which so large a share of them is."""
    index = max(round(share * len(sorted_numbers) + 0.5) - 1, 0)
    return sorted_numbers[min(index, len(sorted_numbers) - 1)]
