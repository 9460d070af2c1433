from __future__ import annotations

from src.core.computed import Decision
from src.core.desired import attribute_kinds, desired, time_attributes, with_times
from src.core.settings import Settings

SETTINGS = Settings()


def decision(
    flag: str, variation: str = "on", *, experiment: str | None = None, at: float = 1, **more: bool
) -> Decision:
    given = {"enabled": True, **more}
    return Decision(flag, variation, experiment=experiment, at=at, **given)


def test_flags_and_assignments_are_joined_in_order_of_their_keys() -> None:
    computed = [
        decision("zoom"),
        decision("cart", "b", experiment="x2"),
        decision("bar", "off", enabled=False),
        decision("app", "a", experiment="x10"),
    ]
    values = desired(computed, [], settings=SETTINGS).values
    assert values["ENABLED_FEATURES"] == "app, cart, zoom"
    assert values["EXPERIMENT_VARIATION"] == "x10:a, x2:b"


def test_single_values_hold_the_decision_that_changed_last() -> None:
    computed = [
        decision("cart", "b", experiment="x", at=5),
        decision("bar", "off", enabled=False, at=9),
    ]
    values = desired(computed, [], settings=SETTINGS).values
    assert values["EXPERIMENT_NAME"] == values["FEATURE_FLAG"] == "bar"
    assert values["VARIATION_NAME"] == "off"
    assert values["FEATURE_ENABLED"] is False


def test_of_one_moment_the_key_decides() -> None:
    computed = [decision("b"), decision("c", experiment="y"), decision("z", "v", experiment="a")]
    values = desired(computed, [], settings=SETTINGS).values
    assert (values["EXPERIMENT_NAME"], values["VARIATION_NAME"]) == ("a", "v")
    assert values["FEATURE_FLAG"] == "z"
    values = desired(computed[:2], [], settings=SETTINGS).values
    assert values["EXPERIMENT_NAME"] == values["FEATURE_FLAG"] == "b"


def test_of_two_decisions_on_an_experiment_the_later_one_counts() -> None:
    ours = decision("cart", "a", experiment="x", at=5)
    for at, winner in ((4, "a"), (5, "b"), (6, "b")):
        theirs = decision("cart", "b", experiment="x", at=at, listened=True)
        values = desired([ours], [theirs], settings=SETTINGS).values
        assert values["EXPERIMENT_VARIATION"] == f"x:{winner}", at
        assert values["VARIATION_NAME"] == winner, at


def test_what_a_listener_saw_of_a_flag_leaves_the_computed_flags_alone() -> None:
    theirs = decision("other", "on", at=9, listened=True)
    values = desired([decision("cart")], [theirs], settings=SETTINGS).values
    assert values["ENABLED_FEATURES"] == "cart"
    assert values["EXPERIMENT_NAME"] == values["FEATURE_FLAG"] == "other"


def test_a_contact_without_decisions_has_no_values() -> None:
    values = desired([], [], settings=SETTINGS).values
    assert set(values.values()) == {None}


def test_an_experiment_that_stands_alone_has_no_flag() -> None:
    alone = decision("", "a", experiment="headline", enabled=False)
    values = desired([alone], [], settings=SETTINGS).values
    assert values["EXPERIMENT_NAME"] == "headline"
    assert values["FEATURE_FLAG"] is None
    assert values["FEATURE_ENABLED"] is False
    assert values["ENABLED_FEATURES"] is None


def test_the_run_dates_computed_values_and_the_listener_its_own() -> None:
    theirs = decision("cart", "b", experiment="x", at=86_400 * 365, listened=True)
    for heard, day in (([], "2026-01-01"), ([theirs], "1971-01-01")):
        wanted = desired([decision("cart", "a", experiment="x")], heard, settings=SETTINGS)
        values = with_times(wanted, settings=SETTINGS, at=1_767_225_600)
        assert values["EXPERIMENT_DATE"] == day
        assert values["FEATURE_FLAGS_SYNCED"] == "2026-01-01"


def test_switches_and_names_say_which_attributes_there_are() -> None:
    only_flags = Settings(experiments=False, enabled_features="flags_on")
    assert attribute_kinds(only_flags) == {
        "FLAGS_ON": "text",
        "FEATURE_FLAG": "text",
        "FEATURE_ENABLED": "boolean",
        "FEATURE_FLAGS_SYNCED": "date",
    }
    assert time_attributes(only_flags) == {"FEATURE_FLAGS_SYNCED"}
    wanted = desired([decision("cart")], [], settings=only_flags)
    assert set(with_times(wanted, settings=only_flags, at=1)) == set(attribute_kinds(only_flags))
