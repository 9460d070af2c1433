"""Does each job's schedule mean something, and do its policies fit together?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mooring.errors import ScheduleInvalid
from mooring.model.known_names import nearest
from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.model.reserved_parameters import RESERVED
from mooring.reading.yaml_composer import KeyPath
from mooring.rules.inspected import Inspected

CRON = Rule("JOB-5", "`cron` is Quartz with 6 or 7 fields, or plain cron with 5.")
TIME_ZONE = Rule("JOB-6", "`timezone` is a zone of the IANA database, as in Europe/Paris.")
BACKOFF = Rule("JOB-7", "`retry.max_backoff_seconds` is no shorter than the first pause.")
ONE_AT_A_TIME = Rule(
    "JOB-8", "`overlap: allow` goes with room for more than one run.", Severity.WARNING
)
JSON_PARAMETERS = Rule("JOB-9", "`parameters` can be written as JSON.")
EVER_FIRES = Rule("JOB-10", "The dates that `cron` means exist.", Severity.WARNING)
OWN_PARAMETERS = Rule("JOB-11", "`parameters` has none that the host alone gives.")
RULES = (
    CRON,
    TIME_ZONE,
    BACKOFF,
    ONE_AT_A_TIME,
    JSON_PARAMETERS,
    EVER_FIRES,
    OWN_PARAMETERS,
)


def check(app: Inspected) -> Iterator[Problem]:
    """Look at every job."""
    for _, path in app.entries("jobs"):
        yield from _schedule(app, path)
        yield from _policies(app, path)
        yield from _not_json(app, (*path, "parameters"))
        yield from _reserved(app, (*path, "parameters"))
    for source, _ in app.entries("sources"):
        for _, path in app.entries("sources", source, "jobs"):
            yield from _not_json(app, (*path, "parameters"))


def _schedule(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    cron = app.manifest.text((*path, "cron"))
    if cron:
        # Reading schedules costs an import that apps without schedules need not wait for.
        from mooring.engine.schedule import parse_schedule

        try:
            schedule = parse_schedule(cron)
        except ScheduleInvalid as error:
            place = f"At {error.where}: " if error.where else ""
            yield app.fault(CRON, (*path, "cron"), f"{place}{error.message}", hint=error.hint)
        else:
            if not schedule.ever_fires:
                yield app.fault(
                    EVER_FIRES,
                    (*path, "cron"),
                    f"{shown(cron)} never fires: no date until 2099 is meant by it.",
                    hint="Compare its days, months and years, as with the 30th of February.",
                )
    timezone = app.manifest.text((*path, "timezone"))
    if timezone and not _zone_exists(timezone):
        yield app.fault(
            TIME_ZONE,
            (*path, "timezone"),
            f"{shown(timezone)} is not a time zone.",
            hint=_zones_like(timezone),
        )


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The name of a folder, such as Europe, is an OSError.
        return False
    return True


def _zones_like(name: str) -> str:
    from zoneinfo import available_timezones

    near = nearest(name, sorted(available_timezones()))
    return f"{near}Names are like Europe/Paris or America/New_York; the default is UTC."


def _policies(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    retry = app.manifest.mapping((*path, "retry"))
    first, longest = retry.get("backoff_seconds"), retry.get("max_backoff_seconds")
    if isinstance(first, int | float) and isinstance(longest, int | float) and longest < first:
        yield app.fault(
            BACKOFF,
            (*path, "retry", "max_backoff_seconds"),
            f"The longest pause ({longest} s) is shorter than the first one ({first} s).",
            hint="Raise max_backoff_seconds, or lower backoff_seconds.",
        )
    job = app.manifest.mapping(path)
    if job.get("overlap") == "allow" and job.get("concurrency") == 1:
        yield app.fault(
            ONE_AT_A_TIME,
            (*path, "concurrency"),
            f"`{path[-1]}` allows runs to overlap, but only one may be active at once.",
            hint="Say overlap: queue, or raise concurrency.",
        )


def _not_json(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    for place in _infinities(app.manifest.get(path), path):
        yield app.fault(
            JSON_PARAMETERS,
            place,
            f"{shown(app.manifest.written.get(place, ''))} cannot be written as JSON.",
            hint="Use a finite number, or quote the text.",
        )


def _reserved(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    for name in app.manifest.mapping(path):
        if name in RESERVED:
            yield app.fault(
                OWN_PARAMETERS,
                (*path, name),
                f"The parameter {name} is the host's own.",
                hint=f"Give it another name. {RESERVED[name]}",
            )


def _infinities(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in items:
            yield from _infinities(inner, (*path, step))
