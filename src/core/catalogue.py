"""What of an Optimizely account becomes which rows in the customer data platform?

``FIELDS`` is what ``schema/*.yml`` declares, :mod:`catalogue_rows` fills it. Ids are unique over
projects: what Optimizely numbers per account keeps its number, what only a project and an
environment tell apart carries both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PROJECTS = "optimizely_connector_projects"
EXPERIMENTS = "optimizely_connector_experiments"
FLAGS = "optimizely_connector_flags"
AUDIENCES = "optimizely_connector_audiences"
EVENTS = "optimizely_connector_events"

Fields = Mapping[str, tuple[str, str]]

# Object -> field -> (type, description); the first field of each is its primary key.
FIELDS: Mapping[str, Fields] = MappingProxyType(
    {
        PROJECTS: {
            "project_id": ("string", "The project's number in Optimizely."),
            "name": ("string", "The name people gave the project."),
            "description": ("string", "What the project is for."),
            "status": ("string", "active or archived."),
            "flags_first": ("boolean", "Whether it works with flags; false: the older model."),
            "connected_environments": ("string", "Environments that are connected, by comma."),
        },
        EXPERIMENTS: {
            "experiment_id": ("string", "Project, environment and number, joined by colons."),
            "project_id": ("string", "The project that the experiment belongs to."),
            "environment": ("string", "The environment that it runs in."),
            "number": ("string", "The id that results and decisions call it by."),
            "key": ("string", "The key that developers know it by."),
            "name": ("string", "The name that people gave it."),
            "status": ("string", "running, paused, concluded, not_started or archived."),
            "flag_key": ("string", "The flag that it varies; empty for one that stands alone."),
            "variations": ("string", "The keys of its variations, joined by a comma."),
            "traffic_percentage": ("number", "How many of the audience take part, 0 to 100."),
            "audiences": ("string", "The audiences it is for: ids by comma, or a condition."),
            "outcome": ("string", "What it ended with, once concluded."),
            "deployed_variation": ("string", "The variation everyone gets since it ended."),
        },
        FLAGS: {
            "flag_id": ("string", "Project, environment and key, joined by colons."),
            "project_id": ("string", "The project that the flag belongs to."),
            "environment": ("string", "The environment that these facts hold in."),
            "key": ("string", "The key that developers know it by."),
            "name": ("string", "The name that people gave it."),
            "description": ("string", "What the flag does."),
            "enabled": ("boolean", "Whether the flag is switched on in this environment."),
            "archived": ("boolean", "Whether the flag has been put away."),
        },
        AUDIENCES: {
            "audience_id": ("string", "The audience's number in Optimizely."),
            "project_id": ("string", "The project that the audience belongs to."),
            "name": ("string", "The name that people gave it."),
            "description": ("string", "Who is meant."),
            "conditions": ("string", "Its condition as JSON; cut off if very long."),
            "archived": ("boolean", "Whether the audience has been put away."),
        },
        EVENTS: {
            "event_id": ("string", "The event's number in Optimizely."),
            "project_id": ("string", "The project that the event belongs to."),
            "key": ("string", "The key that developers know it by."),
            "name": ("string", "The name that people gave it."),
            "category": ("string", "The kind of event: purchase, convert, other …"),
            "archived": ("boolean", "Whether the event has been put away."),
        },
    }
)
