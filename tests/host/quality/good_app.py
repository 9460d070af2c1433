"""Which files make an app that keeps to every rule of quality?"""

from __future__ import annotations

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>'
)

FILES: dict[str, str | None] = {
    "app.yml": """\
        meta:
          app_id: shop_app
          display_name: Shop
          version: 1.0.0
          vendor: shop
          support_url: https://support.shop.test
          summary: Counts orders.
          contact_email: support@shop.test
          categories: [Testing & Utilities]
          availability: [all]
        runtime: python3.11
        environment:
          - APP_ENV_SHOP_URL
        functions:
          hook:
            entry_point: Hook
            description: Takes orders.
            verify: {profile: hmac, header: X-Sig, algorithm: sha256, encoding: hex, secret: hook}
          shops:
            entry_point: Shops
            description: Lists the shops, for the form.
            access: form
        jobs:
          sync:
            entry_point: Sync
            description: Reads orders.
            cron: "0 0 */2 * * ?"
        outbound_domains:
          - api.shop.test
        """,
    "forms/settings.yml": """\
        sections:
          - key: account
            label: Account
            elements:
              - type: instructions
                text: Make a key under Profile.
              - type: secret
                key: api_key
                label: API key
                help: It is tried out before it is kept.
              - type: select
                key: shop
                label: Shop
                help: Whose orders are read.
                dataSource: {type: app, function: shops}
              - type: button
                label: Save
                action: save
        """,
    "schema/shop_app_orders.yml": """\
        name: shop_app_orders
        display_name: Shop Orders
        fields:
          - name: order_id
            type: string
            display_name: Order ID
            description: The number that the shop gave the order.
            primary: true
        """,
    "src/__init__.py": "",
    "src/clients/__init__.py": "",
    "src/clients/shop.py": '''\
        """Speaks to the shop."""

        from mooring.sdk import environment, errors, http


        def orders(api_key: str) -> list[str]:
            """Read the orders. Raises CredentialsRejected."""
            url = environment.get("APP_ENV_SHOP_URL", "https://api.shop.test")
            answer = http.get(url, headers={"x-key": api_key})
            if answer.status == 401:
                raise errors.CredentialsRejected("The shop does not accept the key.")
            return list(answer.json())
        ''',
    "src/functions/__init__.py": "",
    "src/functions/hook.py": '''\
        """Takes orders."""

        from mooring.sdk import Function, Response, storage


        class Hook(Function):
            """One order."""

            def perform(self) -> Response:
                """Keep it."""
                storage.kv_store.put("order", self.request.body_json)
                return Response(204)
        ''',
    "src/functions/shops.py": '''\
        """Lists the shops."""

        from mooring.sdk import Function, Response


        class Shops(Function):
            """For the form."""

            def perform(self) -> Response:
                """List them."""
                return Response(200, [{"text": "One", "value": "one"}])
        ''',
    "src/jobs/__init__.py": "",
    "src/jobs/sync.py": '''\
        """Reads orders."""

        from typing import Any

        from mooring.sdk import Job, JobStatus, logger, storage

        from ..clients.shop import orders

        Params = dict[str, Any]


        class Sync(Job):
            """One step."""

            def prepare(
                self, params: Params, status: JobStatus | None = None, resuming: bool = False
            ) -> JobStatus:
                """Go on, or begin."""
                return status or JobStatus({"read": 0})

            def perform(self, status: JobStatus) -> JobStatus:
                """Read."""
                account = storage.settings.get("account")
                found = orders(account["api_key"])
                logger.info("orders.read", shop=account["shop"], count=len(found))
                return JobStatus({"read": len(found)}, complete=True)
        ''',
    "src/lifecycle/__init__.py": "",
    "src/lifecycle/lifecycle.py": '''\
        """The app's answers to the host."""

        from typing import Any

        from mooring.sdk import Lifecycle as BaseLifecycle
        from mooring.sdk import LifecycleResult, LifecycleSettingsResult, errors, storage

        from ..clients.shop import orders


        class Lifecycle(BaseLifecycle):
            """One section."""

            def on_install(self) -> LifecycleResult:
                """Need nothing."""
                return LifecycleResult(success=True)

            def on_settings_form(
                self, section: str, action: str, form_data: dict[str, Any]
            ) -> LifecycleSettingsResult:
                """Try the key out, then keep it."""
                result = LifecycleSettingsResult()
                try:
                    orders(form_data["api_key"])
                except errors.CredentialsRejected as error:
                    return result.add_error("api_key", str(error))
                storage.settings.put(section, form_data)
                return result

            def on_uninstall(self) -> LifecycleResult:
                """Leave nothing behind: nothing was made outside."""
                return LifecycleResult(success=True)
        ''',
    "tests/test_shop.py": """\
        def test_hook_shops_sync_and_lifecycle() -> None:
            assert [Hook, Shops, Sync, Lifecycle]
        """,
    "assets/icon.svg": ICON,
    "assets/logo.svg": ICON,
    "assets/directory/overview.md": "# Shop\n\n" + "Brings the orders of the shop here. " * 10,
    "README.md": "# Shop\n\n" + "Install it with mooring install, test it with pytest. " * 4,
    "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\nThe first version.\n",
    "LICENSE": "Everybody may use it.\n",
    "pyproject.toml": '[project]\nname = "shop-app"\ndependencies = ["msgspec>=0.20"]\n',
}
