"""Of what do the services of a planned run consist? Of what collects, over the real ones.

Functions, tokens and the log are the real ones themselves: the first are read, tokens are renewed
for real, and what is logged says of which plan it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from mooring.engine.installation_services import InstallationJobs
from mooring.engine.parameters import merged
from mooring.engine.plans.collecting import Collector
from mooring.engine.plans.collecting_services import (
    PlannedHttp,
    PlannedJobs,
    PlannedLetters,
    PlannedNotifications,
    PlannedOdp,
)
from mooring.engine.plans.connections import CONNECTION, TOKENS
from mooring.engine.plans.overlay import KeyValueOverlay, RecordOverlay, SecretOverlay
from mooring.sdk.context import Services
from mooring.sdk.ports import HttpRequest, KeyValueStore
from mooring.sdk.record_changes import Records


@dataclass(frozen=True, slots=True)
class PlannedServices:
    """The services of one planned run; its stores know what they would keep."""

    services: Services
    stores: Mapping[str, KeyValueOverlay | RecordOverlay]

    @classmethod
    def over(
        cls,
        real: Services,
        collector: Collector,
        *,
        jobs: InstallationJobs,
        check: Callable[[HttpRequest], None],
    ) -> PlannedServices:
        """Put what collects over the real services of an installation."""
        own = _key_values(real, real.kv_store, "kv_store", collector)
        shared = _key_values(real, real.shared_kv_store, "shared_kv_store", collector)
        settings = RecordOverlay(**_over(real, real.settings, "settings", collector))
        secrets = SecretOverlay(**_over(real, real.secrets, "secrets", collector))
        services = replace(
            real,
            settings=settings,
            secrets=secrets,
            kv_store=own,
            shared_kv_store=shared,
            http=PlannedHttp(real.http, collector, check=check),
            odp=PlannedOdp(real.odp, collector),
            jobs=PlannedJobs(
                real.jobs,
                collector,
                check=lambda job, given: merged(jobs.declared(job), given),
                reckon=jobs.reckoned,
            ),
            notifications=PlannedNotifications(collector),
            dead_letters=PlannedLetters(real.dead_letters),
        )
        stores = {"kv_store": own, "shared_kv_store": shared}
        return cls(services, {**stores, "settings": settings, "secrets": secrets})

    def kept(self) -> dict[str, int]:
        """Count the records that would change."""
        return {name: store.changed for name, store in self.stores.items() if store.changed}


def _key_values(
    real: Services, store: KeyValueStore, name: str, collector: Collector
) -> KeyValueOverlay:
    return KeyValueOverlay(**_over(real, store, name, collector), pages=store)


def _over(real: Services, store: object, name: str, collector: Collector) -> dict[str, Any]:
    def noting(key: str, found: str) -> None:
        if store is real.secrets and key.startswith(TOKENS):
            collector.read(CONNECTION + key.removeprefix(TOKENS), found)
        else:
            collector.read_record(name, key, found)

    return {"below": cast(Records, store), "clock": real.clock, "noting": noting}
