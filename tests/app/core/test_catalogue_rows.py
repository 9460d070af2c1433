from __future__ import annotations

from src.core import catalogue_rows as rows
from src.core.catalogue import AUDIENCES, EVENTS, EXPERIMENTS, FIELDS, FLAGS, PROJECTS

RULE = {
    "id": 5,
    "key": "q3",
    "name": "Checkout Q3",
    "flag_key": "checkout",
    "environment_key": "production",
    "type": "a/b",
    "status": "draft",
    "percentage_included": 8000,
    "variations": {"a": {}, "b": {}},
    "audience_ids": [71, 72],
    "layer_experiment_id": 9300,
}
EXPERIMENT = {
    "id": 9300,
    "key": "headline",
    "status": "running",
    "environments": {"production": {"status": "running"}, "development": {"status": "paused"}},
    "variations": [{"key": "a"}, {"key": "b"}],
    "traffic_allocation": 10000,
}
FLAG = {"key": "checkout", "environments": {"production": {"enabled": True}}}
FEATURE = {
    "key": "form",
    "environments": {"production": {"rollout_rules": [{"enabled": False}, {"enabled": True}]}},
}


def test_every_row_has_exactly_the_declared_fields() -> None:
    made = {
        PROJECTS: rows.project_row({"id": 1}, environments=["production"]),
        EXPERIMENTS: rows.rule_row(RULE, project_id="1"),
        FLAGS: rows.flag_row(FLAG, project_id="1", environment="production"),
        AUDIENCES: rows.audience_row({"id": 1}, project_id="1"),
        EVENTS: rows.event_row({"id": 1}, project_id="1"),
    }
    for name, row in made.items():
        assert row.keys() == FIELDS[name].keys(), name
    legacy = rows.experiment_row(EXPERIMENT, project_id="1", environment="production")
    assert legacy.keys() == FIELDS[EXPERIMENTS].keys()
    feature = rows.feature_row(FEATURE, project_id="1", environment="production")
    assert feature.keys() == FIELDS[FLAGS].keys()


def test_the_first_field_of_every_object_is_its_key() -> None:
    for name, fields in FIELDS.items():
        key = next(iter(fields))
        assert key == f"{name.removeprefix('optimizely_connector_').removesuffix('s')}_id"
        assert fields[key][0] == "string"


def test_a_rule_that_compares_is_an_experiment_and_a_delivery_is_none() -> None:
    assert rows.is_experiment(RULE)
    assert not rows.is_experiment({**RULE, "type": "targeted_delivery"})


def test_an_experiment_is_told_apart_by_project_and_environment() -> None:
    row = rows.rule_row(RULE, project_id="1")
    assert row["experiment_id"] == "1:production:9300"
    assert row["status"] == "not_started"
    assert row["traffic_percentage"] == 80.0
    assert (row["variations"], row["audiences"]) == ("a, b", "71, 72")
    assert rows.rule_row({**RULE, "archived": True}, project_id="1")["status"] == "archived"


def test_an_older_experiment_has_a_status_in_every_environment() -> None:
    made = [
        rows.experiment_row(EXPERIMENT, project_id="1", environment=place)
        for place in ("production", "development")
    ]
    assert [each["status"] for each in made] == ["running", "paused"]
    assert rows.statuses_of(made) == {
        "production": {"": {"headline": "running"}},
        "development": {"": {"headline": "paused"}},
    }


def test_flags_say_whether_they_are_on_where() -> None:
    assert rows.flag_row(FLAG, project_id="1", environment="production")["enabled"] is True
    assert rows.flag_row(FLAG, project_id="1", environment="staging")["enabled"] is False
    assert rows.feature_row(FEATURE, project_id="1", environment="production")["enabled"] is True


def test_long_texts_are_cut_to_what_a_field_holds() -> None:
    row = rows.audience_row({"id": 1, "conditions": "x" * 5000}, project_id="1")
    assert len(row["conditions"]) == rows.LONGEST
