"""What do the flags of a flags-first project do? The Flags API v1."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from mooring.sdk import HttpResponse, errors

from .access import Access, PersonalToken, ask
from .addresses import base_address
from .budgets import optimizely_flags

Entity = dict[str, Any]  # Any: entities are JSON

MOST_PER_PAGE = 100
MOST_PAGES = 1000  # a service that never ends its pages is at fault


class Flags:
    """Flags v1 with one access; a text is a personal access token."""

    def __init__(self, access: Access | str) -> None:
        self._access = PersonalToken(access) if isinstance(access, str) else access

    def flags(self, project_id: str) -> list[Entity]:
        """List a project's flags, with a summary of each environment; archived ones are not."""
        return self._all(f"/projects/{project_id}/flags", about=f"the flags of {project_id}")

    def rules(self, project_id: str, *, environment: str | None = None) -> list[Entity]:
        """List the rules of all flags, in one environment or in all."""
        path = f"/projects/{project_id}/rules"
        narrowed = f"environments={quote(environment, safe='')}" if environment else ""
        return self._all(path, query=narrowed, about=f"the rules of project {project_id}")

    def _all(self, path: str, *, about: str, query: str = "") -> list[Entity]:
        address = f"{path}?per_page={MOST_PER_PAGE}" + (f"&{query}" if query else "")
        found: list[Entity] = []
        for _ in range(MOST_PAGES):
            page = self._get(address, about=about).json() or {}
            found += page.get("items", [])
            following = page.get("next_url") or []
            if not following:
                return found
            address = self._below_base(following[0])
        raise errors.ServiceError(f"Optimizely sends {about} in more than {MOST_PAGES} pages.")

    def _below_base(self, link: str) -> str:
        """Return a link to a next page, absolute or not, as a path below the base address."""
        parts = urlsplit(link)
        prefix = urlsplit(base_address("OPTIMIZELY_FLAGS")).path
        return f"{parts.path.removeprefix(prefix)}?{parts.query}"

    def _get(self, path: str, *, about: str) -> HttpResponse:
        url = base_address("OPTIMIZELY_FLAGS") + path
        return ask(self._access, "GET", url, budget=optimizely_flags, about=about)
