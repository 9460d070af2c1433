"""The greeting counts, and uses the salutation from the settings."""

from mooring.sdk import Request, storage

from src.functions.hello import Hello


def test_a_greeting_uses_the_salutation_and_counts(invocation: object) -> None:
    storage.settings.put("greeting", {"salutation": "Ahoy"})
    response = Hello(Request(method="POST", body=b'{"name": "Ada"}')).perform()
    assert response.status == 200
    assert response.body_json == {"greeting": "Ahoy Ada", "count": 1}
