"""Is the salutation kept?"""

from mooring.sdk import storage

from src.lifecycle.lifecycle import Lifecycle


def test_a_new_installation_says_hello(invocation: object) -> None:
    assert Lifecycle().on_install().success
    assert storage.settings.get("greeting") == {"salutation": "Hello"}


def test_what_is_submitted_is_kept(invocation: object) -> None:
    assert Lifecycle().on_settings_form("greeting", "save", {"salutation": "Ahoy"}).ok
    assert storage.settings.get("greeting") == {"salutation": "Ahoy"}
