"""What does a webhook of Optimizely announce, and which connections does it concern?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .settings import Connection

DATAFILE_UPDATED = "project.datafile_updated"


class AnnouncementInvalid(ValueError):
    """The body is no webhook of Optimizely; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A change in a project; a published datafile says which one and its revision."""

    event: str
    project_id: str
    sdk_key: str = ""
    revision: int | None = None


def read_announcement(body: object) -> Announcement:
    """Read the body of a webhook. Raises AnnouncementInvalid."""
    if not isinstance(body, Mapping):
        raise AnnouncementInvalid("The body must be a JSON object.")
    project_id, event = body.get("project_id"), body.get("event")
    if isinstance(project_id, bool) or not isinstance(project_id, int | str) or not project_id:
        raise AnnouncementInvalid("project_id is missing.")
    if not isinstance(event, str) or not event:
        raise AnnouncementInvalid("event is missing.")
    # Other events carry lists of changes; only a published datafile names one revision.
    data = body.get("data")
    facts = data if event == DATAFILE_UPDATED and isinstance(data, Mapping) else {}
    return Announcement(event, str(project_id), _sdk_key(facts), _revision(facts))


def concerned(
    announcement: Announcement, connections: Sequence[Connection]
) -> tuple[Connection, ...]:
    """Return the connections whose datafile the announcement is about."""
    own = [each for each in connections if each.project_id == announcement.project_id]
    if not announcement.sdk_key:
        return tuple(own)
    return tuple(each for each in own if each.sdk_key == announcement.sdk_key)


def is_covered(stages: Sequence[str], waiting: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a run that waits, given by its parameters, does these stages anyway."""
    return any(
        not parameters.get("stages") or set(stages) <= set(parameters["stages"])
        for parameters in waiting
    )


def _sdk_key(facts: Mapping[str, Any]) -> str:
    """Return the SDK key: the last part of the datafile's address."""
    url = facts.get("cdn_url")
    name = urlsplit(url).path.rpartition("/")[2] if isinstance(url, str) else ""
    return name.removesuffix(".json")


def _revision(facts: Mapping[str, Any]) -> int | None:
    text = str(facts.get("revision", ""))
    return int(text) if text.isdecimal() else None
