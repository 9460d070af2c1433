"""Stage catalogue: what is in Optimizely? One project a step, into objects of the data platform.

A project that cannot be read is reported with its reason; the others go on.
"""

from __future__ import annotations

from typing import Any

from mooring.sdk import errors, logger, odp, storage

from ..clients.access import access_to
from ..clients.flags import Flags
from ..clients.optimizely import Optimizely
from ..core import catalogue_rows as rows
from ..core.catalogue import AUDIENCES, EVENTS, EXPERIMENTS, FLAGS, PROJECTS
from .stage import Work

STATUSES = "experiments/"
COUNTED = ("projects", "experiments", "flags", "audiences", "events")


def read_catalogue(work: Work) -> bool:
    """Do one step; say whether the stage is done."""
    if "todo" not in work.position:
        work.count(**dict.fromkeys(COUNTED, 0))
        work.report.setdefault("problems", [])
        _projects(work)
    elif work.position["todo"]:
        _project(work, *work.position["todo"].pop(0))
    return not work.position["todo"]


def _projects(work: Work) -> None:
    places = work.places()
    found = Optimizely(access_to(work.settings)).projects()
    connected = {
        project_id: [place for project, place in places if project == project_id]
        for project_id, _ in places
    }
    odp.upsert_objects(
        PROJECTS,
        [rows.project_row(each, environments=connected.get(str(each["id"]), ())) for each in found],
    )
    work.count(projects=len(found))
    kinds = {str(each["id"]): rows.is_flags_first(each) for each in found}
    todo = [[project_id, kinds.get(project_id)] for project_id in connected]
    work.position.update(todo=todo, chosen=len(todo))


def _project(work: Work, project_id: str, flags_first: bool | None) -> None:
    try:
        if flags_first is None:
            # Not in the list, so this call is refused, and says why.
            project = Optimizely(access_to(work.settings)).project(project_id)
            flags_first = rows.is_flags_first(project)
        read = _flags_first if flags_first else _older_model
        _write(work, EXPERIMENTS, "experiments", _experiments(work, project_id, read))
        _audiences_and_events(work, project_id)
    except (errors.CredentialsRejected, errors.RequestRefused) as error:
        if error.status == 401:
            raise
        logger.warn("catalogue.project_skipped", project_id=project_id, reason=str(error))
        work.problem(f"{_named(work, project_id)}: {error}")


def _named(work: Work, project_id: str) -> str:
    names = {each.project_id: each.project_name for each in work.settings.connections}
    name = names.get(project_id, project_id)
    return name if name == project_id else f"{name} ({project_id})"


def _experiments(work: Work, project_id: str, read: Any) -> list[rows.Row]:
    places = [place for project, place in work.places() if project == project_id]
    flags, experiments = read(work, project_id, places)
    _write(work, FLAGS, "flags", flags)
    statuses = rows.statuses_of(experiments)
    known = {place: statuses.get(place, {}) for place in places}
    storage.kv_store.put(STATUSES + project_id, known)
    return list(experiments)


def _flags_first(
    work: Work, project_id: str, places: list[str]
) -> tuple[list[rows.Row], list[rows.Row]]:
    api = Flags(access_to(work.settings))
    flags, experiments = api.flags(project_id), []
    for place in places:
        rules = filter(rows.is_experiment, api.rules(project_id, environment=place))
        experiments += [rows.rule_row(rule, project_id=project_id) for rule in rules]
    return [
        rows.flag_row(flag, project_id=project_id, environment=place)
        for flag in flags
        for place in places
    ], experiments


def _older_model(
    work: Work, project_id: str, places: list[str]
) -> tuple[list[rows.Row], list[rows.Row]]:
    api = Optimizely(access_to(work.settings))
    features, experiments = api.features(project_id), api.experiments(project_id)
    return [
        rows.feature_row(feature, project_id=project_id, environment=place)
        for feature in features
        for place in places
    ], [
        rows.experiment_row(experiment, project_id=project_id, environment=place)
        for experiment in experiments
        for place in places
    ]


def _audiences_and_events(work: Work, project_id: str) -> None:
    api = Optimizely(access_to(work.settings))
    if work.settings.audiences:
        found = api.audiences(project_id)
        audiences = [rows.audience_row(each, project_id=project_id) for each in found]
        _write(work, AUDIENCES, "audiences", audiences)
    if work.settings.events:
        found = api.events(project_id)
        events = [rows.event_row(each, project_id=project_id) for each in found]
        _write(work, EVENTS, "events", events)


def _write(work: Work, name: str, counted: str, found: list[rows.Row]) -> None:
    if found:
        odp.upsert_objects(name, found)
    work.count(**{counted: len(found)})
