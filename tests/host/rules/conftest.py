"""An app without problems, to be spoilt in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from mooring.model.problem import Problem
from mooring.rules import validate_app

FILES = {
    "app.yml": """\
        meta:
          app_id: shop_app
          display_name: Shop
          version: 1.0.0
          vendor: example
          support_url: https://example.com/support
          summary: Counts orders.
          contact_email: support@example.com
          categories:
            - Testing & Utilities
          availability:
            - all
        runtime: python3.11
        environment:
          - APP_ENV_API_URL
        functions:
          hook:
            entry_point: Hook
            description: Takes orders.
            verify: {profile: hmac, header: X-Sig, algorithm: sha256, encoding: hex, secret: hook}
          lookup:
            entry_point: Lookup
            description: Finds shops.
            global: true
        jobs:
          sync:
            entry_point: Sync
            description: Reads orders.
            cron: "0 0 */2 * * ?"
            timezone: Europe/Paris
            retry: {attempts: 3, backoff_seconds: 10, max_backoff_seconds: 60}
            parameters: {full: false, pages: 3}
        outbound_domains:
          - api.example.com
        """,
    "forms/settings.yml": """\
        sections:
          - key: auth
            label: Account
            properties: [authorized]
            elements:
              - type: secret
                key: token
                label: Token
                help: Needed for {{shops.shop}}.
                validations:
                  - {regex: "^tk_[a-z0-9]+$", message: Begin with tk_.}
              - type: button
                label: Save
                action: save
                disabled: {key: token, empty: true}
          - key: shops
            label: Shops
            visible: {key: auth.authorized, equals: true}
            elements:
              - type: select
                key: shop
                label: Shop
                help: Which one.
                dataSource: {type: app, function: hook}
        """,
    "schema/shop_app_orders.yml": """\
        name: shop_app_orders
        display_name: Shop Orders
        fields:
          - {name: order_key, type: string, display_name: Key, description: The key., primary: true}
          - {name: item, type: string, display_name: Item, description: The item.}
        relations:
          - name: item
            display_name: Item
            child_object: products
            join_fields: [{parent: item, child: product_id}]
        """,
    "schema/customers.yml": """\
        name: customers
        fields:
          - name: shop_app_points
            type: number
            display_name: Shop Points
            description: Points.
        identifiers:
          - {name: shop_app_user_id, display_name: Shop User ID, merge_confidence: high}
        """,
    "src/functions/hook.py": """\
        from mooring.sdk import Function, Response


        class Hook(Function):
            def perform(self) -> Response:
                return Response(200)
        """,
    "src/functions/lookup.py": """\
        import mooring.sdk as sdk


        class Lookup(sdk.GlobalFunction):
            async def perform(self):
                return sdk.Response(200)
        """,
    "src/jobs/sync.py": """\
        from ..core.stages import Staged


        class Sync(Staged):
            def perform(self, status):
                return status
        """,
    "src/core/stages.py": """\
        from mooring.sdk import Job


        class Staged(Job):
            def prepare(self, params, status=None, resuming=False):
                return status
        """,
    "src/lifecycle/lifecycle.py": """\
        from mooring.sdk import Lifecycle as SdkLifecycle


        class Lifecycle(SdkLifecycle):
            def on_install(self): ...

            def on_settings_form(self, section, action, form_data): ...
        """,
    "assets/directory/overview.md": "# Shop\n",
    "assets/icon.svg": "<svg/>",
    "assets/logo.svg": "<svg/>",
}


class App:
    """A folder with an app; every change spoils or mends it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for file, text in FILES.items():
            self.write(file, text)

    def write(self, file: str, text: str) -> None:
        """Write a file."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change what must be there."""
        text = (self.root / file).read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        (self.root / file).write_text(text.replace(old, new, 1), "utf-8")

    def remove(self, file: str) -> None:
        """Take a file away."""
        (self.root / file).unlink()

    def problems(self) -> list[Problem]:
        """Validate."""
        return validate_app(self.root)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Give an app without problems."""
    return App(tmp_path)


@pytest.fixture
def found(app: App) -> Callable[[], list[str]]:
    """Give a function that says where which rules are broken: ``app.yml:3 META-1``."""
    return lambda: [f"{p.file}:{p.line} {p.rule}" for p in app.problems()]
