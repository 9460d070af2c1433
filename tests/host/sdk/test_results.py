import pytest

from mooring.sdk import AuthorizationGrantResult, LifecycleSettingsResult


def test_an_empty_answer_is_a_yes() -> None:
    result = LifecycleSettingsResult()
    assert result.ok
    assert result.to_json("auth") == {"errors": {}, "toasts": []}


def test_errors_are_keyed_by_section_and_field() -> None:
    result = LifecycleSettingsResult().add_error("key", "Missing.").add_error("key", "Too short.")
    assert result.to_json("auth")["errors"] == {"auth.key": ["Missing.", "Too short."]}
    assert not result.ok


@pytest.mark.parametrize(
    ("intent", "ok"), [("info", True), ("success", True), ("warning", True), ("danger", False)]
)
def test_of_the_toasts_only_danger_is_a_no(intent: str, ok: bool) -> None:
    result = LifecycleSettingsResult().add_toast(intent, "Hm.")  # type: ignore[arg-type]  # a str
    assert result.ok is ok
    assert result.to_json("auth")["toasts"] == [{"intent": intent, "message": "Hm."}]


def test_an_unknown_intent_is_refused() -> None:
    with pytest.raises(ValueError, match="use one of info, success, warning, danger"):
        LifecycleSettingsResult().add_toast("error", "Hm.")  # type: ignore[arg-type]  # the point


def test_the_last_redirect_wins() -> None:
    result = LifecycleSettingsResult().redirect("https://example.org").redirect_to_settings("next")
    said = result.to_json("auth")
    assert (said["redirectMode"], said["redirect"]) == ("settings", "next")


def test_a_grant_always_lands_on_its_section() -> None:
    result = AuthorizationGrantResult("auth").add_error("token", "Refused.")
    assert result.to_json() == {
        "errors": {"auth.token": ["Refused."]},
        "toasts": [],
        "redirectMode": "settings",
        "redirect": "auth",
    }
