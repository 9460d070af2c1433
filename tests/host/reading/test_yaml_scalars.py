from __future__ import annotations

import pytest
import yaml

from mooring.reading.yaml_scalars import in_yaml_1_1, resolve_plain


@pytest.mark.parametrize(
    ("text", "here", "otherwise"),
    [
        ("yes", "yes", "true"),
        ("On", "On", "true"),
        ("NO", "NO", "false"),
        ("off", "off", "false"),
        ("oN", "oN", ""),
        ("012", 12, "10"),
        ("-017", -17, "-15"),
        ("08", 8, "text"),
        ("0o12", 10, "text"),
        ("0", 0, ""),
        ("0x1f", 31, ""),
        ("1:30", "1:30", "90"),
        ("12:30:45", "12:30:45", "45045"),
        ("1:30.5", "1:30.5", "90.5"),
        ("1:75", "1:75", ""),
        ("2020-01-01", "2020-01-01", "a date"),
        ("1.0.0", "1.0.0", ""),
        ("12", 12, ""),
        ("name", "name", ""),
    ],
)
def test_what_a_yaml_1_1_reader_makes_of_it_is_known(
    text: str, here: object, otherwise: str
) -> None:
    assert resolve_plain(text) == here
    assert in_yaml_1_1(text) == otherwise


@pytest.mark.parametrize(
    "text", ["yes", "Off", "012", "-017", "-1:30", "08", "0o12", "1:30", "12:30:45", "1:75"]
)
def test_it_is_what_pyyaml_makes_of_it(text: str) -> None:
    value = yaml.safe_load(text)
    said = in_yaml_1_1(text)
    if isinstance(value, bool):
        assert said == str(value).lower()
    elif isinstance(value, int):
        assert said == str(value)
    else:
        assert said in ("text", "")
