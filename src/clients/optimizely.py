"""What is in an Optimizely account? REST v2: projects, environments, audiences, experiments …"""

from __future__ import annotations

import re
from typing import Any

from mooring.sdk import HttpResponse, errors

from .access import Access, PersonalToken, ask
from .addresses import base_address
from .budgets import optimizely_rest

Entity = dict[str, Any]  # Any: entities are JSON

MOST_PER_PAGE = 100
MOST_PAGES = 1000  # a service that never ends its pages is at fault
NEXT_PAGE = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')


class Optimizely:
    """REST v2 with one access; a text is a personal access token."""

    def __init__(self, access: Access | str) -> None:
        self._access = PersonalToken(access) if isinstance(access, str) else access

    def projects(self) -> list[Entity]:
        """List the projects that the token may read."""
        return self._all("/projects", about="the list of projects")

    def project(self, project_id: str) -> Entity:
        """Return one project. Raises CredentialsRejected if the token may not read it."""
        answer = self._get(f"/projects/{project_id}", about=f"project {project_id}")
        return dict(answer.json())

    def environments(self, project_id: str) -> list[Entity]:
        """List a project's environments; ``datafile.sdk_key`` is in each."""
        return self._of_project("environments", project_id)

    def audiences(self, project_id: str) -> list[Entity]:
        """List a project's audiences, archived ones too."""
        return self._of_project("audiences", project_id)

    def events(self, project_id: str) -> list[Entity]:
        """List a project's events."""
        return self._of_project("events", project_id)

    def experiments(self, project_id: str) -> list[Entity]:
        """List the experiments of a project of the older model."""
        return self._of_project("experiments", project_id)

    def features(self, project_id: str) -> list[Entity]:
        """List the features of a project of the older model."""
        return self._of_project("features", project_id)

    def webhooks(self, project_id: str) -> list[Entity]:
        """List who hears of a project's events."""
        answer = self._get(f"/projects/{project_id}/webhooks", about="the list of webhooks")
        return list(answer.json() or [])

    def register_webhook(
        self, project_id: str, *, url: str, name: str, events: list[str]
    ) -> Entity:
        """Let a project announce ``events`` at ``url``."""
        path = f"/projects/{project_id}/webhooks"
        body = {"name": name, "url": url, "events": events}
        about = "the registration of a webhook"
        return dict(self._asked("POST", path, about=about, json=body).json())

    def delete_webhook(self, webhook_id: str) -> None:
        """Remove a registration; one that is gone already is no error."""
        about = "the removal of a webhook"
        self._asked("DELETE", f"/webhooks/{webhook_id}", about=about, gone=(404,))

    def _of_project(self, what: str, project_id: str) -> list[Entity]:
        about = f"the {what} of project {project_id}"
        return self._all(f"/{what}?project_id={project_id}", about=about)

    def _all(self, path: str, *, about: str) -> list[Entity]:
        """Follow the Link headers; without them, ask until a page is not full."""
        joint = "&" if "?" in path else "?"
        found: list[Entity] = []
        for number in range(1, MOST_PAGES + 1):
            query = f"{joint}per_page={MOST_PER_PAGE}&page={number}"
            answer = self._get(path + query, about=about)
            page = list(answer.json() or [])
            found += page
            linked = answer.headers.get("link")
            more = NEXT_PAGE.search(linked) if linked else len(page) == MOST_PER_PAGE
            if not more:
                return found
        raise errors.ServiceError(f"Optimizely sends {about} in more than {MOST_PAGES} pages.")

    def _get(self, path: str, *, about: str) -> HttpResponse:
        return self._asked("GET", path, about=about)

    def _asked(self, method: str, path: str, *, about: str, **options: Any) -> HttpResponse:
        url = base_address("OPTIMIZELY_API") + path
        return ask(self._access, method, url, budget=optimizely_rest, about=about, **options)
