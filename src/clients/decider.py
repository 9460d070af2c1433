"""What does Optimizely's own SDK decide for these people? The only user of ``optimizely``.

The client works on a datafile that it is given and on nothing else: it speaks no HTTP, starts no
thread and sends no impression. What comes out is what the customer's own services would decide.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mooring.sdk import errors

CLIENTS_KEPT = 16  # environments whose client stays ready between two steps


@dataclass(frozen=True, slots=True)
class Verdict:
    """One decision: of a flag, or of an experiment that stands alone (``flag`` is empty)."""

    flag: str
    rule: str | None
    variation: str | None
    enabled: bool


class _NoEvents:
    """Takes the place of the event processor; nothing is ever sent."""

    def process(self, user_event: Any) -> None:
        """Forget the event."""


class _NoPredictions:
    """Takes the place of the service that asks Optimizely's servers which arm of a bandit is best.

    Such rules are decided by those servers alone, at the moment of the visit; the SDK notes the
    error and the flag counts as off.
    """

    def get_decision(self, *_: Any) -> None:
        """Refuse."""
        raise RuntimeError("Contextual bandits are decided during a visit, not here.")


class Decider:
    """Decides for many people on one revision of one environment's datafile."""

    def __init__(self, content: str) -> None:
        self._client, self._config = _client(content)
        in_flags = {
            experiment_id
            for flag in self._config.feature_flags
            for experiment_id in flag["experimentIds"]
        }
        self.flag_keys: tuple[str, ...] = tuple(
            sorted(flag["key"] for flag in self._config.feature_flags)
        )
        self.experiment_keys: tuple[str, ...] = tuple(
            sorted(each["key"] for each in self._config.experiments)
        )
        self.standalone_keys: tuple[str, ...] = tuple(
            sorted(e["key"] for e in self._config.experiments if e["id"] not in in_flags)
        )

    def decide(
        self,
        user_id: str,
        attributes: Mapping[str, Any],
        *,
        flags: Sequence[str],
        experiments: Iterable[str] = (),
    ) -> list[Verdict]:
        """Decide ``flags`` and the standalone ``experiments`` for one person."""
        user = self._client.create_user_context(user_id, dict(attributes))
        if user is None:
            return []
        decided = user.decide_for_keys(list(flags)) if flags else {}
        verdicts = [
            Verdict(key, each.rule_key, each.variation_key, bool(each.enabled))
            for key, each in decided.items()
        ]
        for key in experiments:
            variation = self._client.get_variation(key, user_id, dict(attributes))
            if variation is not None:
                verdicts.append(Verdict("", key, variation, enabled=False))
        return verdicts


def _silent() -> logging.Logger:
    """Make a logger that nobody hears: the SDK's own quotes people's attributes in what it says."""
    silent = logging.Logger("optimizely")
    silent.disabled = True
    return silent


@lru_cache(maxsize=CLIENTS_KEPT)
def _client(content: str) -> tuple[Any, Any]:
    """Make the client of a datafile, once for as long as the datafile stays the same."""
    # Imported here: it takes a fifth of a second, which only those who decide should pay.
    from optimizely.decision.optimizely_decide_option import OptimizelyDecideOption
    from optimizely.helpers.sdk_settings import OptimizelySdkSettings
    from optimizely.optimizely import Optimizely

    client = Optimizely(
        datafile=content,
        event_processor=_NoEvents(),  # type: ignore[arg-type]  # it asks for process() alone
        cmab_service=_NoPredictions(),  # type: ignore[arg-type]  # it asks for get_decision() alone
        logger=_silent(),
        settings=OptimizelySdkSettings(odp_disabled=True),
        default_decide_options=[
            OptimizelyDecideOption.DISABLE_DECISION_EVENT,
            OptimizelyDecideOption.EXCLUDE_VARIABLES,
        ],
    )
    config = client.config_manager.get_config()
    if config is None:
        raise errors.ServiceError(
            "Optimizely's SDK cannot use this datafile.",
            hint="Publish the environment again in Optimizely, then repeat the run.",
        )
    return client, config
