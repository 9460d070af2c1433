"""What does the service that sends say? The only module that speaks to it."""

from __future__ import annotations

from collections.abc import Sequence

from mooring.sdk import Budget, Rate, environment, http

ADDRESS = "https://api.example.com"


class Messages:
    """The service's API for the owner of an API key."""

    def __init__(self, api_key: str) -> None:
        self._address = environment.get("APP_ENV_MESSAGES_URL", ADDRESS).rstrip("/")
        self._headers = {"authorization": f"Bearer {api_key}"}
        # All processes that use this key share the allowance.
        self._budgets = (Budget("messages", api_key, (Rate(10, 1.0),)),)

    def account(self) -> str:
        """Return the account's name; the cheapest call that needs the key."""
        answer = http.get(
            f"{self._address}/v1/account", headers=self._headers, budgets=self._budgets
        )
        return str(answer.raise_for_status().json()["name"])

    def send(self, sender: str, messages: Sequence[dict[str, str]], *, key: str) -> None:
        """Send all messages or none. Equal keys are sent once, so a repetition does no harm."""
        answer = http.post(
            f"{self._address}/v1/messages",
            headers={**self._headers, "idempotency-key": key},
            json={"sender": sender, "messages": list(messages)},
            budgets=self._budgets,
            idempotent=True,
        )
        answer.raise_for_status()
