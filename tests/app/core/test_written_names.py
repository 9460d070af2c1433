from __future__ import annotations

from src.core.written_names import chosen, written_names

SHOP, STAGING, APP = ("1", "production"), ("1", "staging"), ("2", "production")


def test_a_key_that_one_environment_has_stays_as_it_is() -> None:
    assert written_names({SHOP: ["a"], APP: ["b"]}) == {SHOP: {"a": "a"}, APP: {"b": "b"}}


def test_a_key_of_several_projects_names_them() -> None:
    found = written_names({SHOP: ["a", "dark"], APP: ["dark"]})
    assert found == {SHOP: {"a": "a", "dark": "1:dark"}, APP: {"dark": "2:dark"}}


def test_a_key_of_several_environments_of_a_project_names_those_too() -> None:
    found = written_names({SHOP: ["dark"], STAGING: ["dark"], APP: ["dark"]})
    assert found == {
        SHOP: {"dark": "1:production:dark"},
        STAGING: {"dark": "1:staging:dark"},
        APP: {"dark": "2:dark"},
    }


def test_flags_are_chosen_by_key_or_by_project_and_key() -> None:
    keys = ["a", "b", "c"]
    assert chosen(keys, project_id="1", choice=None) == keys
    assert chosen(keys, project_id="1", choice=frozenset({"a", "1:b", "2:c"})) == ["a", "b"]
