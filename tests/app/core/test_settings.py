"""Records of the form become typed values; form, schema and code agree."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from mooring.reading.app_reader import read_app
from src.core.catalogue import FIELDS as CATALOGUE
from src.core.settings import (
    FIELDS,
    SECTIONS,
    Connection,
    Settings,
    read_settings,
    write_connection,
)

ROOT = Path(__file__).resolve().parents[3]
SHOP = Connection("20000000001", "Shop backend", "production", "sdk-production")


def test_nothing_set_up_reads_as_the_defaults() -> None:
    assert read_settings({}) == Settings()
    assert read_settings({section: {} for section in SECTIONS}) == Settings()


def test_every_record_is_read_by_its_section() -> None:
    settings = read_settings(
        {
            "optimizely": {"access_token": " token "},
            "projects": {"connections": [write_connection(SHOP)], "update_interval": "5000"},
            "brevo": {"api_key": "key"},
            "sync": {"enabled": False, "flags": ["gift_cards", "20000000002:dark_mode"]},
            "mapping": {"experiment_key": "TEST_NAME", "variation_key": ""},
            "diagnostics": {"debug": True},
        }
    )
    assert settings.is_complete()
    assert (settings.access_token, settings.brevo_api_key) == ("token", "key")
    assert settings.connections == (SHOP,)
    assert (settings.enabled, settings.debug, settings.update_interval) == (False, True, 5000)
    assert settings.flags == frozenset({"gift_cards", "20000000002:dark_mode"})
    assert (settings.experiment_key, settings.variation_key) == ("TEST_NAME", "VARIATION_NAME")


def test_choosing_no_flag_means_all_of_them() -> None:
    assert read_settings({"sync": {"flags": []}}).flags is None


def test_what_is_no_such_value_reads_as_the_default() -> None:
    records = {"sync": {"enabled": "yes"}, "projects": {"update_interval": "soon"}}
    assert read_settings(records) == Settings()


def test_something_missing_is_not_complete() -> None:
    records: dict[str, dict[str, Any]] = {
        "optimizely": {"access_token": "token"},
        "projects": {"connections": [write_connection(SHOP)]},
        "brevo": {"api_key": "key"},
    }
    assert read_settings(records).is_complete()
    for section in records:
        assert not read_settings({**records, section: {}}).is_complete()


def test_the_form_has_the_sections_and_the_defaults_that_the_code_reads() -> None:
    form = read_app(ROOT).settings_form
    defaults = asdict(Settings())
    assert tuple(section.key for section in form.sections) == SECTIONS
    fields = {s.key: {e.key: e.default_value for e in s.fields} for s in form.sections}
    for section, names in FIELDS.items():
        assert {name: fields[section][name] for name in names} == {
            name: defaults[name] for name in names
        }


def test_the_schema_declares_what_the_catalogue_writes() -> None:
    declared = {each.name: each for each in read_app(ROOT).schema}
    for name, fields in CATALOGUE.items():
        written = {field: kind for field, (kind, _) in fields.items()}
        assert {f.name: f.type for f in declared[name].fields} == written
        assert [f.name for f in declared[name].fields if f.primary] == [next(iter(fields))]
