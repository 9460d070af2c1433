"""What does the console show of this host? Plain values, made of what the repositories know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mooring.errors import MooringError, NotFound
from mooring.hosting.host import Host
from mooring.model.installation import Installation
from mooring.model.manifest import Manifest
from mooring.model.run import JobSchedule, Run

LATEST_RUNS = 20


@dataclass(frozen=True, slots=True)
class FunctionShown:
    """One function with its address."""

    name: str
    description: str
    url: str
    delivery: str
    signed: bool


@dataclass(frozen=True, slots=True)
class JobShown:
    """One job with its schedule."""

    name: str
    description: str
    schedule: JobSchedule | None


@dataclass(frozen=True, slots=True)
class AppShown:
    """One installation; ``problem`` says why its app folder cannot be read, if it cannot."""

    installation: Installation
    display_name: str
    summary: str = ""
    attention: tuple[str, ...] = ()
    functions: tuple[FunctionShown, ...] = ()
    jobs: tuple[JobShown, ...] = ()
    problem: str = ""

    @property
    def next_at(self) -> datetime | None:
        """When its next job is due."""
        due = [job.schedule.next_at for job in self.jobs if job.schedule]
        return min((moment for moment in due if moment), default=None)


@dataclass(frozen=True, slots=True)
class AppPage:
    """Everything about one app: each account it is installed in, and its latest runs."""

    app_id: str
    installations: tuple[AppShown, ...]
    runs: tuple[Run, ...]


def all_apps(host: Host) -> list[AppShown]:
    """Return every installation."""
    return [_shown(host, installation) for installation in host.installations.all()]


def latest_runs(host: Host, *, app_id: str | None = None) -> tuple[Run, ...]:
    """Return the latest runs, newest first."""
    return tuple(host.runs.recent(app_id=app_id, limit=LATEST_RUNS))


def one_app(host: Host, app_id: str) -> AppPage:
    """Return what there is to know about an app. Raises NotFound."""
    found = [shown for shown in all_apps(host) if shown.installation.app_id == app_id]
    if not found:
        raise NotFound(f"There is no app {app_id} here.")
    return AppPage(app_id, tuple(found), latest_runs(host, app_id=app_id))


def _shown(host: Host, installation: Installation) -> AppShown:
    try:
        definition = host.definition(installation)
        manifest = definition.manifest
        urls = host.endpoints(installation)
    except MooringError as error:
        return AppShown(installation, installation.app_id, problem=str(error))
    schedules = {s.job: s for s in host.schedules.of(installation.install_id)}
    return AppShown(
        installation,
        manifest.meta.display_name,
        attention=tuple(
            f"{each.message} {host.attention.advice(installation, each.section)}"
            for each in installation.attentions
        ),
        summary=manifest.meta.summary,
        functions=_functions(manifest, urls),
        jobs=tuple(
            JobShown(name, job.description, schedules.get(name))
            for name, job in sorted(manifest.jobs.items())
        ),
    )


def _functions(manifest: Manifest, urls: Mapping[str, str]) -> tuple[FunctionShown, ...]:
    return tuple(
        FunctionShown(
            name, entry.description, urls.get(name, ""), entry.delivery, entry.verify is not None
        )
        for name, entry in sorted(manifest.functions.items())
    )
