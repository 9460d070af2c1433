"""Which connected environments can decide, with what datafile, and under which names?

Names are settled over all environments, so that a key which several of them have is told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.sdk import errors, logger, storage

from ..clients.datafile import datafile, kept_datafile
from ..clients.decider import Decider, Verdict
from ..core.computed import WRITTEN_STATUSES, Decision, fingerprint
from ..core.people import attributes_of
from ..core.written_names import Place, chosen, written_names
from .read_catalogue import STATUSES
from .stage import Work

NAMES = "written_names"
RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Environment:
    """One connected environment, ready to decide; names and statuses by key."""

    place: Place
    content: str
    decider: Decider
    attribute_keys: list[str]
    flags: list[str]
    flag_names: Mapping[str, str]
    experiment_names: Mapping[str, str]
    statuses: Mapping[str, Mapping[str, str]] | None

    def decide(self, kept: Mapping[str, Any], *, user_id: str, at: float) -> list[Decision]:
        """Decide everything for one contact."""
        verdicts = self.decider.decide(
            user_id,
            attributes_of(kept, keys=self.attribute_keys),
            flags=self.flags,
            experiments=self.decider.standalone_keys,
        )
        decisions = (self._decision(each, at=at) for each in verdicts)
        return [each for each in decisions if each.key]

    def _decision(self, verdict: Verdict, *, at: float) -> Decision:
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


def refreshed(work: Work) -> list[list[str]]:
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


def environments_of(work: Work) -> list[Environment]:
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
            place=place,
            content=files[place].content,
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


def fingerprint_of(environments: Sequence[Environment]) -> str:
    """Return a text that changes with whatever could change a decision."""
    return fingerprint(
        [
            [
                each.place,
                each.content,
                each.flags,
                dict(each.flag_names),
                dict(each.experiment_names),
                each.statuses,
            ]
            for each in environments
        ]
    )
