"""What Optimizely holds for the account: projects, publications, webhooks and changes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.account.clock import Clock
from sandbox.account.credentials import WEBHOOK_SECRET
from sandbox.account.datafile import datafile
from sandbox.account.other_projects import (
    classic,
    closed,
    legacy_full_stack,
    mobile_api,
)
from sandbox.account.projects import Audience, Environment, Project, Publication
from sandbox.account.shop_backend import shop_backend

ACCOUNT_ID = 30_000_000_001
FIRST_REVISION = 42
FIRST_WEBHOOK = 8_000_001
FIRST_PUBLISHED = datetime(2026, 1, 10, 10, 11, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Someone who wants to hear of a project's events."""

    id: int
    project_id: int
    name: str
    url: str
    events: tuple[str, ...]
    created: datetime
    secret: str
    description: str = ""


class Optimizely:
    """The Optimizely side of the account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._webhook_ids = itertools.count(FIRST_WEBHOOK)
        self.projects = [
            shop_backend(),
            mobile_api(),
            legacy_full_stack(),
            classic(),
            closed(),
        ]
        self.webhooks: dict[int, Webhook] = {}
        self.changes: list[dict[str, Any]] = []
        for project in self.projects:
            for environment in project.environments:
                self._publish(project, environment, FIRST_REVISION, FIRST_PUBLISHED, lag=0)

    def project(self, project_id: int) -> Project | None:
        """Return the project with this id."""
        return next((each for each in self.projects if each.id == project_id), None)

    def environment_by_key(self, sdk_key: str) -> Environment | None:
        """Return the environment that owns an SDK key."""
        environments = (each for project in self.projects for each in project.environments)
        return next((each for each in environments if each.sdk_key == sdk_key), None)

    def audience(self, audience_id: int) -> tuple[Project, Audience] | None:
        """Return the audience with this id and its project."""
        for project in self.projects:
            for audience in project.audiences:
                if audience.id == audience_id:
                    return project, audience
        return None

    def register(self, project_id: int, *, name: str, url: str, events: tuple[str, ...]) -> Webhook:
        """Remember who wants to hear of a project's events; each webhook has its own secret.

        The first has the one that is known beforehand, so that nobody has to look it up.
        """
        number = next(self._webhook_ids)
        own = "" if number == FIRST_WEBHOOK else f"-{number}"
        secret = f"{WEBHOOK_SECRET}{own}"
        webhook = Webhook(number, project_id, name, url, events, self._clock.now(), secret)
        self.webhooks[number] = webhook
        return webhook

    def note_change(self, project: Project, **facts: Any) -> None:  # Any: facts are JSON
        """Append to the project's change feed."""
        entry = {
            "id": 1_000_000 + len(self.changes) + 1,
            "project_id": project.id,
            "created": self._clock.now(),
            "source": "ui",
        }
        self.changes.append(entry | facts)

    def publish(self, project: Project, environment: Environment, *, lag: float = 0) -> Publication:
        """Publish the model as it is now; the edge has it `lag` sandbox seconds later."""
        newest = environment.newest
        # Last-Modified counts whole seconds: no two revisions may share one.
        at = max(self._clock.now(), newest.published_at + timedelta(seconds=1))
        return self._publish(project, environment, newest.revision + 1, at, lag=lag)

    def _publish(
        self,
        project: Project,
        environment: Environment,
        revision: int,
        at: datetime,
        *,
        lag: float,
    ) -> Publication:
        body = datafile(project, environment, revision=revision, account_id=ACCOUNT_ID)
        publication = Publication(revision, body, at, self._clock.now() + timedelta(seconds=lag))
        environment.publications.append(publication)
        return publication
