"""Stage flags: what does Optimizely decide for every known contact? A page of contacts a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.sdk import errors, logger, storage

from ..clients.datafile import datafile, kept_datafile
from ..clients.decider import Decider, Verdict
from ..core.computed import WRITTEN_STATUSES, Decision, dated, from_record, to_record
from ..core.people import attributes_of, user_id_of
from ..core.written_names import Place, chosen, written_names
from .read_catalogue import STATUSES
from .read_contacts import KEPT
from .stage import STEP_ROWS, Work

COMPUTED = "computed/"
NAMES = "written_names"
RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Environment:
    """One connected environment, ready to decide; names and statuses by key."""

    decider: Decider
    attribute_keys: list[str]
    flags: list[str]
    flag_names: Mapping[str, str]
    experiment_names: Mapping[str, str]
    statuses: Mapping[str, Mapping[str, str]] | None

    def decision(self, verdict: Verdict, *, at: float) -> Decision:
        """Return a verdict under its written names; deliveries are no experiments."""
        return Decision(
            flag=self.flag_names.get(verdict.flag, ""),
            variation=verdict.variation or "",
            enabled=verdict.enabled,
            experiment=self._experiment(verdict),
            at=at,
        )

    def _experiment(self, verdict: Verdict) -> str | None:
        rule = verdict.rule
        if rule is None or not verdict.variation or rule not in self.experiment_names:
            return None
        # The catalogue decides; what it could not say, the datafile does: it only runs what runs.
        known = None if self.statuses is None else self.statuses.get(verdict.flag, {}).get(rule)
        if known is None and self.statuses is not None:
            return None
        return self.experiment_names[rule] if (known or RUNNING) in WRITTEN_STATUSES else None


def decide_flags(work: Work) -> bool:
    """Do one step; say whether the stage is done."""
    if "after" not in work.position:
        work.count(decided=0, contacts=0)
        work.position.update(after="", ready=_refreshed(work))
    environments = _environments(work)
    page = storage.kv_store.scan(KEPT, after=work.position["after"], limit=STEP_ROWS)
    before = storage.kv_store.get_many([COMPUTED + key.removeprefix(KEPT) for key, _ in page])
    records: dict[str, dict[str, Any]] = {}
    for key, kept in page:
        name = COMPUTED + key.removeprefix(KEPT)
        former = from_record(before.get(name, {}))
        decisions = dated(_decided(work, kept, environments), before=former)
        _log(work, kept, [each for each in decisions if each not in former])
        records[name] = to_record(decisions)
        work.count(decided=len(decisions), contacts=1)
    storage.kv_store.put_many(records)
    if len(page) < STEP_ROWS:
        return True
    work.position["after"] = page[-1][0]
    return False


def _refreshed(work: Work) -> list[list[str]]:
    """Ask for news of every datafile; return the places that can decide.

    A place that the CDN no longer knows goes on with what it had: a key that was taken away must
    not look as if all its flags were switched off. Raises the first error if no place can decide.
    """
    ready: list[list[str]] = []
    failed: errors.MooringError | None = None
    for place, connection in work.places().items():
        try:
            datafile(connection.sdk_key, refresh=work.settings.auto_update)
        except (errors.NotFound, errors.ServiceError) as error:
            work.problem(f"{connection.project_name}, {place[1]}: {error}")
            logger.warn("flags.datafile_missing", environment=place[1], reason=str(error))
            if kept_datafile(connection.sdk_key) is None:
                failed = failed or error
                continue
        ready.append(list(place))
    if failed is not None and not ready:
        raise failed
    return ready


def _environments(work: Work) -> list[Environment]:
    """Make every ready environment, with names that are settled over all of them."""
    places = work.places()
    ready = [(project, place) for project, place in work.position["ready"]]
    files = {place: datafile(places[place].sdk_key, refresh=False) for place in ready}
    deciders = {place: Decider(file.content) for place, file in files.items()}
    flags = {
        place: chosen(decider.flag_keys, project_id=place[0], choice=work.settings.flags)
        for place, decider in deciders.items()
    }
    statuses = {place: _statuses(place) for place in ready}
    experiments = {place: _experiment_keys(deciders[place], statuses[place]) for place in ready}
    flag_names, experiment_names = written_names(flags), written_names(experiments)
    _keep_names(experiment_names, flag_names, statuses)
    return [
        Environment(
            decider=deciders[place],
            attribute_keys=files[place].attribute_keys(),
            flags=flags[place],
            flag_names=flag_names[place],
            experiment_names=experiment_names[place],
            statuses=statuses[place],
        )
        for place in ready
    ]


def _statuses(place: Place) -> dict[str, dict[str, str]] | None:
    """Return the catalogue's statuses by flag and experiment; None if it was never read."""
    found = storage.kv_store.get(STATUSES + place[0]).get(place[1])
    return None if found is None else dict(found)


def _experiment_keys(
    decider: Decider, statuses: Mapping[str, Mapping[str, str]] | None
) -> set[str]:
    """Return the experiments that may be written."""
    if statuses is None:
        return set(decider.experiment_keys)
    return {
        key
        for experiments in statuses.values()
        for key, status in experiments.items()
        if status in WRITTEN_STATUSES
    }


def _keep_names(
    experiments: Mapping[Place, Mapping[str, str]],
    flags: Mapping[Place, Mapping[str, str]],
    statuses: Mapping[Place, Mapping[str, Mapping[str, str]] | None],
) -> None:
    """Keep what listeners' decisions are read with: names that differ, and statuses."""
    known: dict[str, str] = {}
    for place, found in statuses.items():
        for rules in (found or {}).values():
            for key, status in rules.items():
                name = experiments[place].get(key, key)
                if status in WRITTEN_STATUSES or name not in known:
                    known[name] = status
    record = {
        "experiments": _differing(experiments),
        "flags": _differing(flags),
        "statuses": known,
    }
    if storage.kv_store.get(NAMES) != record:
        storage.kv_store.put(NAMES, record)


def _differing(names: Mapping[Place, Mapping[str, str]]) -> dict[str, str]:
    return {
        f"{project_id}:{key}": name
        for (project_id, _), own in names.items()
        for key, name in own.items()
        if key != name
    }


def _decided(
    work: Work, kept: Mapping[str, Any], environments: list[Environment]
) -> list[Decision]:
    user_id = user_id_of(kept, field=work.settings.user_id)
    if user_id is None:
        return []
    found = []
    for environment in environments:
        attributes = attributes_of(kept, keys=environment.attribute_keys)
        verdicts = environment.decider.decide(
            user_id,
            attributes,
            flags=environment.flags,
            experiments=environment.decider.standalone_keys,
        )
        decisions = (environment.decision(each, at=work.at) for each in verdicts)
        found += [each for each in decisions if each.key]
    return found


def _log(work: Work, kept: Mapping[str, Any], changed: list[Decision]) -> None:
    if work.settings.log_decisions and changed:
        told = {each.key: each.variation for each in changed}
        logger.info("decisions.changed", contact=kept["email"], decisions=told)
