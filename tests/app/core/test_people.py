from __future__ import annotations

from src.core.people import (
    attributes_of,
    contact_key,
    needed_names,
    profile,
    snapshot,
    user_id_of,
)

CONTACT = {
    "id": 7,
    "email": "Anna@Example.com",
    "attributes": {"FIRSTNAME": "Anna", "PLAN": "pro", "IS_VIP": False, "AGE": None, "SEX": "f"},
}
KEYS = ["plan", "is_vip", "age"]
KEPT = snapshot(CONTACT, names=needed_names(KEYS, user_id="email"), seen=5)


def test_only_what_decisions_need_is_kept_of_a_contact() -> None:
    assert KEPT == {
        "email": "Anna@Example.com",
        "id": 7,
        "seen": 5,
        "values": {"PLAN": "pro", "IS_VIP": False},
    }


def test_attributes_keep_their_type_and_unset_ones_are_absent() -> None:
    assert attributes_of(KEPT, keys=KEYS) == {
        "plan": "pro",
        "is_vip": False,
        "email": "Anna@Example.com",
    }


def test_the_user_id_is_the_address_as_brevo_returns_it() -> None:
    assert user_id_of(KEPT, field="email") == "Anna@Example.com"


def test_the_user_id_may_be_an_attribute_or_the_number() -> None:
    kept = snapshot(
        {**CONTACT, "attributes": {"EXT_ID": "c-7"}},
        names=needed_names([], user_id="ext_id"),
        seen=5,
    )
    assert user_id_of(kept, field="ext_id") == "c-7"
    assert user_id_of(kept, field="id") == "7"


def test_a_contact_without_the_field_has_no_user_id() -> None:
    assert user_id_of(KEPT, field="ext_id") is None


def test_a_profile_clears_what_is_unset() -> None:
    assert profile(CONTACT, keys=["plan", "age", "email"]) == {
        "attributes": {
            "email": "Anna@Example.com",
            "first_name": "Anna",
            "last_name": None,
            "optimizely_connector_plan": "pro",
            "optimizely_connector_age": None,
        }
    }


def test_everything_about_a_contact_is_kept_under_one_form_of_its_address() -> None:
    assert contact_key(" Anna@Example.com ") == "anna@example.com"
