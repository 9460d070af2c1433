"""What is left when a job has run in memory? Everything that outlives it, ready to be compared.

What goes out may go out again, since a step that was interrupted is repeated: requests, triggers
and notifications are compared by what was sent at all. Events are counted: an ``idempotence_id``
is what keeps them from counting twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from mooring.sdk.context import Invocation, use
from mooring.sdk.ports import HttpRequest
from mooring.testing.memory import MemoryApp
from mooring.testing.memory import memory_app as make_memory_app

READS = ("GET", "HEAD", "OPTIONS")


def _nothing() -> None:
    """Let nothing happen."""


@dataclass(frozen=True, slots=True)
class World:
    """Where a job runs once: on whose behalf, and what is left of it afterwards, by name.

    ``after_crash`` is called before the run goes on in a new process.
    """

    invocation: Invocation
    outcome: Callable[[], Mapping[str, Any]]
    after_crash: Callable[[], object] = _nothing


Worlds = Callable[[], AbstractContextManager[World]]


def in_memory(
    set_up: Callable[[MemoryApp], object] = lambda app: None,
    *,
    make: Callable[[], MemoryApp] = make_memory_app,
    outcome: Callable[[MemoryApp], object] | None = None,
) -> Worlds:
    """Return worlds in memory: each a new installation, made and set up anew.

    ``outcome`` adds something to compare, such as what a service that the test plays has received.
    """

    @contextmanager
    def world() -> Iterator[World]:
        app = make()
        with use(app.invocation):
            set_up(app)

            def left() -> Mapping[str, Any]:
                more = {} if outcome is None else {"outcome": outcome(app)}
                return {**outcome_of(app), **more}

            yield World(app.invocation, left)

    return world


def outcome_of(app: MemoryApp) -> dict[str, Any]:
    """Return what an installation in memory holds, and what it has sent."""
    return {
        "stores": app.records.everything(),
        "odp": app.odp.everything(),
        "sent": _once(_sent(each) for each in app.http.requests if each.method not in READS),
        "triggered": _once(f"{run.job} {_text(run.parameters)}" for run in app.jobs.runs.values()),
        "rescheduled": {job: list(cron) for job, cron in app.jobs.crons.items()},
        "told": _once(f"{each.level} {each.title}" for each in app.notifications.entries),
        "set_aside": set_aside_in(app),
    }


def set_aside_in(app: MemoryApp) -> dict[str, Any]:
    """Return what is set aside, by job and key."""
    return {
        f"{each.job} {each.key}": [each.reason, each.times, dict(each.record)]
        for each in app.dead_letters.all()
    }


def _once(values: Iterator[str]) -> dict[str, bool]:
    return dict.fromkeys(values, True)


def _sent(request: HttpRequest) -> str:
    params = f" {_text(request.params)}" if request.params else ""
    return f"{request.method} {request.url}{params} {request.body.decode('utf-8', 'replace')}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
