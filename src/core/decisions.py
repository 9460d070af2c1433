"""What does a reported decision say about which contact, and what becomes of it?

Reports are the notifications of Optimizely's SDKs, in either case style: DECISION notifications of
the types flag, feature, ab-test and feature-test (variable lookups report their feature), and
TRACK notifications. Where a report has no time, the day of its arrival tells repetitions apart.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .people import contact_key

Json = dict[str, Any]  # Any: JSON

DECISIONS_TOKEN = "decisions_token"  # noqa: S105  # its name; listeners send it
DECIDED = "decided/"  # what they reported is kept under this and the contact's key
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}\.[^@\s.]+")
FLAG, FEATURES = "flag", ("feature", "feature-variable", "all-feature-variables")
EXPERIMENTS = ("ab-test", "feature-test")
MILLISECONDS_FROM = 1e11
DAY = 86_400.0
LONGEST = 1024
NO_CONTACT = "no contact"
PREFIX = "optimizely_connector_"


class ReportInvalid(ValueError):
    """A report is malformed; the text says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Report:
    """One notification: who, when, and what was decided (or, with ``event``, what was done).

    ``key`` is the experiment's key, or the flag's where no experiment decided.
    """

    report_id: str
    user_id: str
    attributes: Mapping[str, Any]
    at: float
    kind: str
    key: str = ""
    experiment: bool = False
    variation: str = ""
    flag: str = ""
    enabled: bool = False
    project_id: str | None = None
    environment: str | None = None
    event: str = ""
    tags: Mapping[str, Any] = field(default_factory=dict)

    def assignment(self) -> Json:
        """Return what is kept about the contact under ``key``."""
        return {
            "variation": self.variation,
            "flag": self.flag,
            "enabled": self.enabled,
            "experiment": self.experiment,
            "decided_at": self.at,
            "project_id": self.project_id,
            "environment": self.environment,
            "report_id": self.report_id,
        }


def read_report(value: object, *, now: float, deliveries: Collection[str] = ()) -> Report:
    """Read one notification that arrived at ``now``. Raises ReportInvalid.

    ``deliveries`` are the rules known to deliver a flag to everyone they match: deciding by one of
    them is no experiment.
    """
    if not isinstance(value, Mapping):
        raise ReportInvalid("a notification is a JSON object")
    item = _Fields(value)
    at = _moment(item, now)
    about: Json = {
        "report_id": _report_id(value, item, now),
        "user_id": item.text("userId", "user_id"),
        "attributes": item.mapping("attributes", "attributes"),
        "at": at,
        "project_id": item.text("projectId", "project_id") or None,
        "environment": item.text("environment", "environmentKey") or None,
    }
    if event := item.text("eventKey", "event_key"):
        tags = item.mapping("eventTags", "event_tags")
        return Report(**about, kind="track", event=event, tags=tags)
    return Report(**about, **_decision(item, deliveries))


def contact_of(report: Report, *, user_id_is_email: bool) -> str | None:
    """Return the key of the contact that a report is about; None if it names no address."""
    candidates = [report.attributes.get("email")]
    if user_id_is_email:
        candidates.append(report.user_id)
    for candidate in candidates:
        text = contact_key(candidate) if isinstance(candidate, str) else ""
        if EMAIL.fullmatch(text):
            return text
    return None


def merge(kept: Mapping[str, Any], report: Report) -> Json:
    """Return what is kept of a contact with one decision more; the later one of a key stays.

    Repeating a report changes nothing, not even the time. An experiment that decided for no
    variation does not have the contact (any more).
    """
    assignments = dict(kept.get("assignments") or {})
    former = assignments.get(report.key)
    if former is None or _is_news(report, former):
        assignments[report.key] = report.assignment()
        if report.experiment and not report.variation:
            del assignments[report.key]
    return {**kept, "assignments": assignments}


def customer_event(report: Report, *, email: str) -> Json:
    """Return a report as an event of the customer data platform."""
    if report.kind == "track":
        action, facts = "conversion", _conversion(report)
    else:
        action = "decision"
        facts = {
            "experiment_key": report.key,
            "variation_key": report.variation,
            "flag_key": report.flag,
            "flag_enabled": report.enabled,
            "decision_type": report.kind,
        }
    facts |= {
        "project_id": report.project_id,
        "environment": report.environment,
        "user_id": report.user_id,
    }
    return {
        "type": "optimizely",
        "action": action,
        "identifiers": {"email": email},
        "data": {f"{PREFIX}{k}": _bounded(v) for k, v in facts.items() if v not in (None, "")},
        "idempotence_id": report.report_id,
        "ts": report.at,
    }


class _Fields:
    """A mapping whose keys come in camelCase or snake_case."""

    def __init__(self, values: Mapping[Any, Any], place: str = "") -> None:
        self._values = values
        self._place = place

    def get(self, *names: str) -> Any:  # Any: JSON
        return next((self._values[n] for n in names if self._values.get(n) is not None), None)

    def text(self, *names: str) -> str:
        value = self.get(*names)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ReportInvalid(f"{self._place}{names[0]} must be a text")
        return str(value)

    def flag(self, *names: str) -> bool:
        value = self.get(*names)
        if value is not None and not isinstance(value, bool):
            raise ReportInvalid(f"{self._place}{names[0]} must be true or false")
        return bool(value)

    def mapping(self, *names: str) -> Mapping[str, Any]:
        value = self.get(*names)
        if value is not None and not isinstance(value, Mapping):
            raise ReportInvalid(f"{self._place}{names[0]} must be an object")
        return value or {}

    def inner(self, *names: str) -> _Fields:
        return _Fields(self.mapping(*names), f"{self._place}{names[0]}.")


def _decision(item: _Fields, deliveries: Collection[str]) -> Json:
    kind = item.text("type")
    info = item.inner("decisionInfo", "decision_info")
    if kind == FLAG:
        return {"kind": kind, **_flag(info, deliveries)}
    if kind in FEATURES:
        return {"kind": "feature", **_feature(info)}
    if kind in EXPERIMENTS:
        return {"kind": kind, **_experiment(info)}
    known = ", ".join((FLAG, *FEATURES, *EXPERIMENTS))
    raise ReportInvalid(
        f"type must be one of {known}; a TRACK notification has an eventKey instead"
    )


def _flag(info: _Fields, deliveries: Collection[str]) -> Json:
    flag, rule = _needed(info, "flagKey", "flag_key"), info.text("ruleKey", "rule_key")
    experiment = bool(rule) and rule not in deliveries
    return {
        "key": rule if experiment else flag,
        "experiment": experiment,
        "variation": info.text("variationKey", "variation_key"),
        "flag": flag,
        "enabled": info.flag("enabled"),
    }


def _feature(info: _Fields) -> Json:
    source = info.inner("sourceInfo", "source_info")
    flag = _needed(info, "featureKey", "feature_key")
    experiment = source.text("experimentKey", "experiment_key")
    return {
        "key": experiment or flag,
        "experiment": bool(experiment),
        "variation": source.text("variationKey", "variation_key"),
        "flag": flag,
        "enabled": info.flag("featureEnabled", "feature_enabled"),
    }


def _experiment(info: _Fields) -> Json:
    return {
        "key": _needed(info, "experimentKey", "experiment_key"),
        "experiment": True,
        "variation": info.text("variationKey", "variation_key"),
        "flag": info.text("featureKey", "feature_key", "flagKey", "flag_key"),
        "enabled": info.flag("featureEnabled", "feature_enabled"),
    }


def _needed(info: _Fields, *names: str) -> str:
    if text := info.text(*names):
        return text
    raise ReportInvalid(f"decisionInfo.{names[0]} is missing")


def _moment(item: _Fields, now: float) -> float:
    """Return when it happened, in seconds; never later than its arrival."""
    value = item.get("timestamp")
    if value is None:
        return now
    if isinstance(value, str):
        return min(now, _parsed(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise ReportInvalid("timestamp must be ISO 8601, or seconds or milliseconds since 1970")
    return min(now, value / 1000 if value >= MILLISECONDS_FROM else float(value))


def _parsed(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ReportInvalid("timestamp must be ISO 8601, as in 2026-11-25T10:15:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _report_id(value: Mapping[Any, Any], item: _Fields, now: float) -> str:
    day = "" if item.get("timestamp") is not None else str(int(now // DAY))
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{day}{text}".encode()).hexdigest()


def _is_news(report: Report, former: Mapping[str, Any]) -> bool:
    if former.get("report_id") == report.report_id:
        return False
    return bool(report.at >= former["decided_at"])


def _conversion(report: Report) -> Json:
    tags = dict(report.tags)
    numbers = {name: tags.pop(name) for name in ("revenue", "value") if _is_number(tags.get(name))}
    others = json.dumps(tags, sort_keys=True, ensure_ascii=False) if tags else None
    return {"event_key": report.event, **numbers, "tags": others}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bounded(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value
