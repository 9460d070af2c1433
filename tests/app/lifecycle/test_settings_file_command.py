"""The brief's file through the command line: unchanged, complete, and without a trace of tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.running import Running
from scripts.local_services import APP, SHOP, environment
from tests.conftest import Answer, Program

CANARY = "canary-8d2e"
BRIEF = """\
connectors:
  optimizely:
    enabled: true
    access_token: "${OPTIMIZELY_ACCESS_TOKEN}"
    sdk_key: "${OPTIMIZELY_SDK_KEY}"
    project_id: "20000000001"
    sync:
      experiments: true
      audiences: true
      events: true
      feature_flags: true
      schedule: "0 */2 * * *"
    mapping:
      experiment_variation: EXPERIMENT_VARIATION
      feature_flags: ENABLED_FEATURES
      audience_segments: OPT_SEGMENTS
    debug: true
    log_level: verbose
    log_decisions: true
    log_events: true
field_mapping:
  user_id: email
  experiment_key: EXPERIMENT_NAME
  variation_key: VARIATION_NAME
  feature_key: FEATURE_FLAG
  enabled: FEATURE_ENABLED
  audience_name: AUDIENCE_SEGMENT
  decision_timestamp: EXPERIMENT_DATE
"""
Submit = Callable[..., Answer]


def ask(sandbox: Running, path: str, **params: Any) -> list[dict[str, Any]]:
    url = f"{sandbox.info['optimizely_api']}{path}"
    headers = {"authorization": f"Bearer {sandbox.credentials['optimizely_token']}"}
    answer = sandbox.http.get(url, params=params, headers=headers)
    return list(answer.raise_for_status().json())


@pytest.fixture
def program(cli: Program, sandbox: Running) -> Program:
    given = environment(sandbox)
    cli.environment |= {**given, "OPTIMIZELY_SDK_KEY": given["SHOP_SDK_KEY"]}
    cli.environment["TAJO_API_KEY"] = "tajo-key-3c11"
    cli.ok("install", ".")
    return cli


@pytest.fixture
def submit(program: Program) -> Submit:
    path = program.home.parent / "connector.yml"

    def submitted(text: str = BRIEF, **environment: Any) -> Answer:
        path.write_text(text, "utf-8")
        return program("settings", APP, "--file", str(path), "--json", **environment)

    return submitted


def written(program: Program) -> bytes:
    return b"\n".join(p.read_bytes() for p in program.home.rglob("*") if p.is_file())


def test_the_file_connects_everything_and_uninstalling_undoes_it(
    program: Program, sandbox: Running, submit: Submit
) -> None:
    answer = submit()
    assert answer.status == 0, answer.out
    assert [each["section"] for each in answer.json["sections"]] == [
        "optimizely",
        "projects",
        "brevo",
        "sync",
        "mapping",
        "diagnostics",
    ]
    shown = program.ok("settings", APP, "--json").json
    assert shown["optimizely"]["access_token"] == {"redacted": True}
    assert shown["brevo"]["tajo_api_key"] == {"redacted": True}
    assert shown["projects"]["connections"][0]["environment"] == "production"
    assert shown["diagnostics"]["debug"] is True
    (hook,) = ask(sandbox, f"/projects/{SHOP}/webhooks")
    assert hook["url"] == program.ok("functions", APP, "--json").json["optimizely_webhook"]
    for secret in (*sandbox.credentials.values(), "tajo-key-3c11"):
        assert secret.encode() not in written(program)
    program.ok("uninstall", APP)
    assert ask(sandbox, f"/projects/{SHOP}/webhooks") == []


def test_a_wrong_token_stops_at_its_section_and_is_nowhere_to_be_found(
    program: Program, submit: Submit
) -> None:
    answer = submit(OPTIMIZELY_ACCESS_TOKEN=CANARY)
    assert answer.status == 1
    (section,) = answer.json["sections"]
    (error,) = section["errors"]["optimizely.access_token"]
    assert "app.optimizely.com/v2/accountsettings/tokens" in error
    assert CANARY not in answer.out + answer.err
    assert CANARY.encode() not in written(program)
    assert "access_token" not in program.ok("settings", APP, "--json").json["optimizely"]


def test_a_schedule_that_means_nothing_is_told_with_what_is_allowed(submit: Submit) -> None:
    answer = submit(BRIEF.replace("0 */2 * * *", "0 25 * * *"))
    assert answer.status == 1
    (error,) = answer.json["sections"][-1]["errors"]["sync.schedule"]
    assert "hour" in error
    assert "0–23" in error


def test_a_key_that_is_not_known_is_told_with_its_place_and_the_nearest(submit: Submit) -> None:
    answer = submit(BRIEF.replace("feature_flags: true", "feature_flag: true"))
    assert answer.status == 1
    assert "connector.yml:11:7: connectors.optimizely.sync.feature_flag" in answer.err
    assert "Did you mean feature_flags?" in answer.err


def test_a_variable_that_is_not_set_is_told_with_its_line(submit: Submit) -> None:
    answer = submit(BRIEF.replace("OPTIMIZELY_SDK_KEY", "OPTIMIZELY_SDK_KEY_OF_NOBODY"))
    assert answer.status == 78
    assert "connector.yml:5:" in answer.err
    assert "OPTIMIZELY_SDK_KEY_OF_NOBODY is not set" in answer.err


def test_a_misspelt_connector_is_told_and_changes_nothing(submit: Submit) -> None:
    answer = submit(BRIEF.replace("  optimizely:", "  optimizly:"))
    assert answer.status == 1
    assert "There is no block connectors.optimizely." in answer.err
    assert "Is it optimizly?" in answer.err
    assert answer.out == ""
