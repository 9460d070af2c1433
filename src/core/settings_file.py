"""What does a configuration file say, section by section of the settings form?

A file is the whole configuration: what it leaves out has its default. Only credentials and
projects that it does not mention stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from .environments import Choice
from .settings import Settings

Values = dict[str, Any]  # Any: values of a section's fields

TOP = ("connectors", "field_mapping")
CONNECTOR = (
    *("enabled", "access_token", "sdk_key", "project_id", "projects", "webhook_secret"),
    *("datafile", "flags", "sync", "mapping", "field_mapping", "brevo", "tajo"),
    *("debug", "log_level", "log_decisions", "log_events"),
)
SYNC = ("experiments", "audiences", "events", "feature_flags", "schedule")
MAPPING = {
    "experiment_variation": "experiment_variation",
    "feature_flags": "enabled_features",
    "audience_segments": "audience_segments",
}
FIELD_MAPPING = {
    "user_id": "user_id",
    "experiment_key": "experiment_key",
    "variation_key": "variation_key",
    "feature_key": "feature_key",
    "enabled": "feature_enabled",
    "audience_name": "audience_name",
    "decision_timestamp": "decision_timestamp",
}
LOG_LEVELS = {"error": False, "warning": False, "info": False, "debug": True, "verbose": True}
SCHEDULE = "0 */2 * * *"


class FileRefused(ValueError):
    """The file cannot be used; ``where`` is the place in it. Never holds a value of the file."""

    def __init__(self, message: str, *, where: str, hint: str = "") -> None:
        super().__init__(message)
        self.where = where
        self.hint = hint


def read_settings_file(document: Mapping[str, Any]) -> dict[str, Values]:
    """Return the values of every section that the file speaks about. Raises FileRefused."""
    top = Block(document, "", TOP)
    connectors = top.block("connectors", None)
    connector = connectors.block("optimizely", CONNECTOR)
    if "optimizely" not in connectors.values:
        near = get_close_matches("optimizely", [str(key) for key in connectors.values], n=1)
        raise FileRefused(
            "There is no block connectors.optimizely.",
            where="connectors",
            hint=f"Is it {near[0]}?" if near else "Begin with connectors:, below it optimizely:.",
        )
    sections = {
        "optimizely": connector.texts({"access_token": "access_token"}),
        "projects": _projects(connector),
        "brevo": _brevo(connector),
        "sync": _sync(connector),
        "mapping": _mapping(connector, top),
        "diagnostics": _diagnostics(connector),
    }
    return {section: values for section, values in sections.items() if values}


class Block:
    """A mapping in the file and the place where it stands; ``known`` None allows any key."""

    def __init__(self, values: object, place: str, known: Sequence[str] | None) -> None:
        if values is not None and not isinstance(values, Mapping):
            raise FileRefused("This must be a block of keys.", where=place)
        self.values: Mapping[Any, Any] = values or {}
        self.place = place
        for key in self.values:
            if known is not None and key not in known:
                raise FileRefused(
                    f"The key {key} is not known here.",
                    where=self.at(key),
                    hint=_nearest(str(key), known),
                )

    def at(self, key: object) -> str:
        """Name the place of a key."""
        return f"{self.place}.{key}" if self.place else str(key)

    def block(self, key: object, known: Sequence[str] | None) -> Block:
        """Return the block under a key; an absent one is empty."""
        return Block(self.values.get(key), self.at(key), known)

    def text(self, key: str, default: str = "") -> str:
        """Return a text; a number, as ids often are, counts as its digits."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise FileRefused("This must be a text.", where=self.at(key))
        text = str(value).strip()
        if key in self.values and not text:
            raise FileRefused(
                "This is empty.", where=self.at(key), hint="Give it, or leave it out."
            )
        return text

    def texts(self, names: Mapping[str, str]) -> Values:
        """Return the texts that are given, under the form's names."""
        return {name: self.text(key) for key, name in names.items() if key in self.values}

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean; the words true and false come from the environment."""
        value = self.values.get(key, default)
        word = value.strip().lower() if isinstance(value, str) else value
        words: Mapping[object, bool] = {"true": True, "false": False}
        if not isinstance(word, bool) and word not in words:
            raise FileRefused("This must be true or false.", where=self.at(key))
        return word if isinstance(word, bool) else words[word]

    def number(self, key: str, default: int) -> int:
        """Return a whole number."""
        text = str(self.values.get(key, default)).strip()
        if not text.isdecimal():
            raise FileRefused("This must be a whole number.", where=self.at(key))
        return int(text)

    def items(self, key: str) -> Sequence[Any]:
        """Return a list that is not empty."""
        value = self.values[key]
        if not isinstance(value, list) or not value:
            raise FileRefused(
                "This must be a list with at least one entry.",
                where=self.at(key),
                hint="Leave it out for the default.",
            )
        return value


def _projects(connector: Block) -> Values:
    values: Values = connector.texts({"webhook_secret": "webhook_secret"})
    if choices := _choices(connector):
        values["environments"] = [str(choice) for choice in choices]
    if "datafile" in connector.values or choices:
        datafile = connector.block("datafile", ("auto_update", "update_interval"))
        values["auto_update"] = datafile.flag("auto_update", default=Settings().auto_update)
        interval = datafile.number("update_interval", Settings().update_interval)
        values["update_interval"] = interval
    return values


def _choices(connector: Block) -> list[Choice]:
    """Return the environments, from ``projects`` or from the form for one project."""
    if "projects" not in connector.values:
        if "project_id" not in connector.values and "sdk_key" not in connector.values:
            return []
        return [_one_project(connector)]
    for key in ("project_id", "sdk_key"):
        if key in connector.values:
            raise FileRefused(
                "With projects, this belongs into its entries.",
                where=connector.at(key),
                hint="Either projects, or project_id and sdk_key.",
            )
    entries = [
        Block(entry, f"{connector.at('projects')}[{number}]", PROJECT)
        for number, entry in enumerate(connector.items("projects"))
    ]
    return [choice for entry in entries for choice in _entry(entry)]


PROJECT = ("project_id", "sdk_key", "environments")


def _one_project(block: Block) -> Choice:
    for key, other in (("project_id", "sdk_key"), ("sdk_key", "project_id")):
        if key not in block.values:
            raise FileRefused(
                f"The key {key} is missing.", where=block.place, hint=f"{other} needs it beside it."
            )
    return Choice(_id(block, "project_id"), sdk_key=_id(block, "sdk_key"))


def _entry(entry: Block) -> list[Choice]:
    if "environments" not in entry.values:
        return [_one_project(entry)]
    if "sdk_key" in entry.values:
        raise FileRefused("With environments, each has its own sdk_key.", where=entry.at("sdk_key"))
    project_id = _id(entry, "project_id") if "project_id" in entry.values else ""
    if not project_id:
        raise FileRefused("The key project_id is missing.", where=entry.place)
    environments = entry.block("environments", None)
    if not environments.values:
        raise FileRefused("No environment is named.", where=environments.place)
    return [
        Choice(project_id, str(key), _own_key(environments.block(key, ("sdk_key",))))
        for key in environments.values
    ]


def _own_key(environment: Block) -> str:
    return _id(environment, "sdk_key") if "sdk_key" in environment.values else ""


def _id(block: Block, key: str) -> str:
    text = block.text(key)
    if ":" in text or any(character.isspace() for character in text):
        raise FileRefused("This is one word without colons and spaces.", where=block.at(key))
    return text


def _brevo(connector: Block) -> Values:
    brevo = connector.block("brevo", ("api_key",)).texts({"api_key": "api_key"})
    return brevo | connector.block("tajo", ("api_key",)).texts({"api_key": "tajo_api_key"})


def _sync(connector: Block) -> Values:
    sync, defaults = connector.block("sync", SYNC), Settings()
    values: Values = {"enabled": connector.flag("enabled", default=defaults.enabled)}
    for key in ("experiments", "audiences", "events", "feature_flags"):
        values[key] = sync.flag(key, default=getattr(defaults, key))
    values["schedule"] = sync.text("schedule", SCHEDULE)
    values["flags"] = _flags(connector) if "flags" in connector.values else []
    return values


def _flags(connector: Block) -> list[str]:
    keys = connector.items("flags")
    for number, key in enumerate(keys):
        if isinstance(key, bool) or not isinstance(key, str | int) or not str(key).strip():
            raise FileRefused(
                "This must be a flag's key.", where=f"{connector.at('flags')}[{number}]"
            )
    return [str(key).strip() for key in keys]


def _mapping(connector: Block, top: Block) -> Values:
    for block in (connector, top):
        if "field_mapping" in block.values:
            fields = block.block("field_mapping", tuple(FIELD_MAPPING))
            break
    else:
        fields = Block({}, "field_mapping", None)
    names = connector.block("mapping", tuple(MAPPING))
    defaults = Settings()
    return {
        name: block.text(key, getattr(defaults, name))
        for block, known in ((fields, FIELD_MAPPING), (names, MAPPING))
        for key, name in known.items()
    }


def _diagnostics(connector: Block) -> Values:
    level = connector.text("log_level", "info").lower()
    if level not in LOG_LEVELS:
        raise FileRefused(
            "This is no log level.",
            where=connector.at("log_level"),
            hint=_nearest(level, tuple(LOG_LEVELS)),
        )
    return {
        "debug": connector.flag("debug", default=False) or LOG_LEVELS[level],
        "log_decisions": connector.flag("log_decisions", default=False),
        "log_events": connector.flag("log_events", default=False),
    }


def _nearest(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return (f"Did you mean {near[0]}? " if near else "") + f"Known here: {', '.join(known)}."
