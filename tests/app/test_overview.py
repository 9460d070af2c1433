"""What the app's own page shows is what the app understands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from src.core.decisions import read_report
from src.core.settings_file import read_settings_file

OVERVIEW = Path(__file__).resolve().parents[2] / "assets/directory/overview.md"


def example(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", OVERVIEW.read_text("utf-8"), re.DOTALL)
    return str(found)


def test_the_decision_on_the_page_is_understood() -> None:
    report = read_report(json.loads(example("json")), now=1_800_000_000.0)
    assert (report.key, report.variation, report.flag) == (
        "checkout_q3",
        "treatment",
        "new_checkout",
    )


def test_the_configuration_on_the_page_is_understood() -> None:
    sections = read_settings_file(yaml.safe_load(example("yaml")))
    assert sections["projects"]["environments"] == ["20000000001::${OPTIMIZELY_SDK_KEY}"]
    assert sections["sync"]["schedule"] == "0 */2 * * *"
