"""The brief's file is read unchanged; what cannot be used is refused at its place."""

from __future__ import annotations

from typing import Any

import pytest

from src.core.settings import Settings
from src.core.settings_file import FileRefused, read_settings_file

# As the product brief has it, with ${NAME} filled in.
BRIEF: dict[str, Any] = {
    "connectors": {
        "optimizely": {
            "enabled": True,
            "access_token": "canary-token",
            "sdk_key": "canary-sdk-key",
            "project_id": "12345678",
            "sync": {
                "experiments": True,
                "audiences": True,
                "events": True,
                "feature_flags": True,
                "schedule": "0 */2 * * *",
            },
            "mapping": {
                "experiment_variation": "EXPERIMENT_VARIATION",
                "feature_flags": "ENABLED_FEATURES",
                "audience_segments": "OPT_SEGMENTS",
            },
            "debug": True,
            "log_level": "verbose",
            "log_decisions": True,
            "log_events": True,
        }
    },
    "field_mapping": {
        "user_id": "email",
        "experiment_key": "EXPERIMENT_NAME",
        "variation_key": "VARIATION_NAME",
        "feature_key": "FEATURE_FLAG",
        "enabled": "FEATURE_ENABLED",
        "audience_name": "AUDIENCE_SEGMENT",
        "decision_timestamp": "EXPERIMENT_DATE",
    },
}


def optimizely(**keys: Any) -> dict[str, Any]:
    return {"connectors": {"optimizely": keys}}


def refusal(document: dict[str, Any]) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read_settings_file(document)
    return refused.value


def test_the_file_of_the_brief_is_read_unchanged() -> None:
    assert read_settings_file(BRIEF) == {
        "optimizely": {"access_token": "canary-token"},
        "projects": {
            "environments": ["12345678::canary-sdk-key"],
            "auto_update": True,
            "update_interval": 60_000,
        },
        "sync": {
            "enabled": True,
            "experiments": True,
            "audiences": True,
            "events": True,
            "feature_flags": True,
            "schedule": "0 */2 * * *",
            "flags": [],
        },
        "mapping": {
            "user_id": "email",
            "experiment_key": "EXPERIMENT_NAME",
            "variation_key": "VARIATION_NAME",
            "feature_key": "FEATURE_FLAG",
            "feature_enabled": "FEATURE_ENABLED",
            "audience_name": "AUDIENCE_SEGMENT",
            "decision_timestamp": "EXPERIMENT_DATE",
            "experiment_variation": "EXPERIMENT_VARIATION",
            "enabled_features": "ENABLED_FEATURES",
            "audience_segments": "OPT_SEGMENTS",
        },
        "diagnostics": {"debug": True, "log_decisions": True, "log_events": True},
    }


def test_field_mapping_may_also_stand_in_the_connectors_block() -> None:
    document = optimizely(field_mapping={"experiment_key": "TEST_NAME"})
    assert read_settings_file(document)["mapping"]["experiment_key"] == "TEST_NAME"


def test_a_file_without_credentials_and_projects_leaves_those_sections_alone() -> None:
    assert set(read_settings_file(optimizely())) == {"sync", "mapping", "diagnostics"}


def test_what_a_file_leaves_out_has_its_default() -> None:
    sections, defaults = read_settings_file(optimizely()), Settings()
    assert sections["sync"]["enabled"] is True
    for section in ("mapping", "diagnostics"):
        for name, value in sections[section].items():
            assert value == getattr(defaults, name)


def test_keys_come_from_the_environment_at_the_edge() -> None:
    sections = read_settings_file(optimizely(brevo={"api_key": "key"}, tajo={"api_key": "other"}))
    assert sections["brevo"] == {"api_key": "key", "tajo_api_key": "other"}


@pytest.mark.parametrize(
    ("project", "choices"),
    [
        ({"project_id": 20000000001, "sdk_key": "one"}, ["20000000001::one"]),
        ({"project_id": "1", "environments": {"production": {"sdk_key": "a"}}}, ["1:production:a"]),
        ({"project_id": 1, "environments": {"dev": None, "prod": {}}}, ["1:dev", "1:prod"]),
    ],
)
def test_projects_name_their_environments(project: dict[str, Any], choices: list[str]) -> None:
    sections = read_settings_file(optimizely(projects=[project]))
    assert sections["projects"]["environments"] == choices


def test_several_projects_stand_beside_each_other() -> None:
    projects = [{"project_id": "1", "sdk_key": "a"}, {"project_id": "2", "sdk_key": "b"}]
    sections = read_settings_file(optimizely(projects=projects, datafile={"update_interval": 5000}))
    assert sections["projects"]["environments"] == ["1::a", "2::b"]
    assert sections["projects"]["update_interval"] == 5000


def test_chosen_flags_and_the_webhooks_secret_are_read() -> None:
    sections = read_settings_file(optimizely(flags=["gift_cards"], webhook_secret="hush"))
    assert sections["sync"]["flags"] == ["gift_cards"]
    assert sections["projects"] == {"webhook_secret": "hush"}


@pytest.mark.parametrize("level", ["verbose", "DEBUG"])
def test_a_talkative_log_level_means_debug(level: str) -> None:
    assert read_settings_file(optimizely(log_level=level))["diagnostics"]["debug"] is True


@pytest.mark.parametrize("word", ["true", "True"])
def test_a_boolean_may_come_from_the_environment_as_a_word(word: str) -> None:
    assert read_settings_file(optimizely(debug=word))["diagnostics"]["debug"] is True


@pytest.mark.parametrize(
    ("document", "where", "near"),
    [
        ({"conectors": {}}, "conectors", "connectors"),
        ({"connectors": {"optimisely": {}}}, "connectors", "optimisely"),
        (optimizely(acces_token="t"), "connectors.optimizely.acces_token", "access_token"),
        (optimizely(sync={"shedule": "x"}), "connectors.optimizely.sync.shedule", "schedule"),
        (
            optimizely(mapping={"feature_flag": "X"}),
            "connectors.optimizely.mapping.feature_flag",
            "feature_flags",
        ),
        (
            {**optimizely(), "field_mapping": {"enable": "X"}},
            "field_mapping.enable",
            "enabled",
        ),
        (
            optimizely(projects=[{"project_id": "1", "sdkkey": "x"}]),
            "connectors.optimizely.projects[0].sdkkey",
            "sdk_key",
        ),
        (
            optimizely(projects=[{"project_id": "1", "environments": {"prod": {"skd_key": "x"}}}]),
            "connectors.optimizely.projects[0].environments.prod.skd_key",
            "sdk_key",
        ),
        (optimizely(log_level="verbos"), "connectors.optimizely.log_level", "verbose"),
    ],
)
def test_an_unknown_key_is_refused_with_its_place_and_the_nearest(
    document: dict[str, Any], where: str, near: str
) -> None:
    refused = refusal(document)
    assert refused.where == where
    assert near in refused.hint


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"access_token": ""}, "access_token"),
        ({"access_token": None}, "access_token"),
        ({"access_token": ["canary"]}, "access_token"),
        ({"enabled": "canary"}, "enabled"),
        ({"debug": 1}, "debug"),
        ({"sync": "canary"}, "sync"),
        ({"sync": {"events": None}}, "sync.events"),
        ({"datafile": {"update_interval": -1}}, "datafile.update_interval"),
        ({"flags": []}, "flags"),
        ({"flags": "canary"}, "flags"),
        ({"flags": [None]}, "flags[0]"),
        ({"projects": {"project_id": "1"}}, "projects"),
        ({"projects": ["canary"]}, "projects[0]"),
        ({"projects": [{"sdk_key": "canary"}]}, "projects[0]"),
        ({"projects": [{"environments": {"a": {}}}]}, "projects[0]"),
        ({"projects": [{"project_id": "1", "environments": {}}]}, "projects[0].environments"),
        (
            {"projects": [{"project_id": "1", "sdk_key": "a", "environments": {"b": {}}}]},
            "projects[0].sdk_key",
        ),
        ({"projects": [{"project_id": "1", "sdk_key": "a b"}]}, "projects[0].sdk_key"),
        ({"projects": [{"project_id": True, "sdk_key": "a"}]}, "projects[0].project_id"),
        ({"projects": [{"project_id": "1", "sdk_key": "a"}], "sdk_key": "canary"}, "sdk_key"),
        ({"tajo": {"api_key": ""}}, "tajo.api_key"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place_without_its_value(
    keys: dict[str, Any], where: str
) -> None:
    refused = refusal(optimizely(**keys))
    assert refused.where == f"connectors.optimizely.{where}"
    assert "canary" not in f"{refused}{refused.hint}"


@pytest.mark.parametrize(
    ("keys", "missing"), [({"sdk_key": "a"}, "project_id"), ({"project_id": 1}, "sdk_key")]
)
def test_one_project_needs_both_its_id_and_its_key(keys: dict[str, Any], missing: str) -> None:
    assert missing in str(refusal(optimizely(**keys)))


def test_a_file_without_the_block_says_which_one_is_expected() -> None:
    assert "connectors.optimizely" in str(refusal({}))
