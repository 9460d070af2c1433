"""What does the shop say? The only module that speaks to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mooring.sdk import Budget, HttpResponse, Rate, environment, http

ADDRESS = "https://api.example.com"
PAGE = 100


@dataclass(frozen=True)
class Page:
    """Some orders; `after` continues behind them, None at the end."""

    orders: list[Any]
    after: str | None
    total: int | None


class Shop:
    """The shop's API for the owner of an API key."""

    def __init__(self, api_key: str) -> None:
        self._address = environment.get("APP_ENV_SHOP_URL", ADDRESS).rstrip("/")
        self._headers = {"authorization": f"Bearer {api_key}"}
        # All processes that use this key share the allowance.
        self._budgets = (Budget("shop", api_key, (Rate(10, 1.0),)),)

    def account(self) -> str:
        """Return the shop's name; the cheapest call that needs the key."""
        return str(self._get("/v1/account").json()["name"])

    def orders(self, after: str | None = None) -> Page:
        """Return the page of orders behind `after`, or the first."""
        params = {"limit": str(PAGE), **({"after": after} if after else {})}
        answer = self._get("/v1/orders", params).json()
        return Page(answer["orders"], answer.get("next") or None, answer.get("total"))

    def _get(self, path: str, params: dict[str, str] | None = None) -> HttpResponse:
        """GET. Raises what a refusal means: CredentialsRejected, RequestRefused …"""
        answer = http.get(
            f"{self._address}{path}",
            headers=self._headers,
            params=params or {},
            budgets=self._budgets,
        )
        return answer.raise_for_status()
