"""What is one row of the conformance table, and which app does it spoil?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MARK = "»"


@dataclass(frozen=True, slots=True)
class Case:
    """A rule with a text that breaks it and one, as similar as can be, that does not.

    ``old`` in ``file`` is replaced; without ``old`` the whole file is. MARK in ``bad`` stands at
    the place of the problem and is taken out; ``place`` says it where the problem is elsewhere. A
    text that is None removes the file. ``besides`` are the rules that are broken in both variants,
    ``follows`` those that the bad one breaks too. ``more`` are files that both variants have,
    ``spoil`` those of the bad one; ``instead`` are the rules that the good one breaks.
    """

    rule: str
    file: str
    old: str | None
    bad: str | bytes | None
    good: str | bytes | None
    base: str = "app"
    place: str = ""
    besides: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    more: dict[str, str] = field(default_factory=dict)
    spoil: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)


APP, FORM = "app.yml", "forms/settings.yml"
ORDERS, CUSTOMERS = "schema/shop_app_orders.yml", "schema/customers.yml"
HOOK, LOOKUP, SYNC = "src/functions/hook.py", "src/functions/lookup.py", "src/jobs/sync.py"
CHANNEL, ROT13 = "src/channel/channel.py", "src/liquid_extensions/rot13.py"
CRM, CRM_SCHEMA = "src/destinations/crm.py", "src/destinations/crm_schema.py"
CONTACT = "src/destinations/schema/contact.yml"
ORDER, ORDER_SCHEMA = "src/sources/schema/order.yml", "src/sources/order_schema.py"
OLD_FUNCTION, OLD_JOB = "src/sources/old_function.py", "src/sources/jobs/old_job.py"
OLD_LIFECYCLE = "src/sources/old_lifecycle.py"

# What is added to the app of tests/host/rules/conftest.py: in app.yml before outbound_domains, and
# as files; an empty one is none.
BASES: dict[str, tuple[str, dict[str, str]]] = {
    "app": ("", {}),
    "channel": (
        """\
        channel:
          type: email
          targeting: [{identifier: email}]
          options: {prepare: true, template_preview: false}
          delivery:
            batch_size: 100
            concurrent_batches: 2
            rate_limits: [{count: 5, period: 1, unit: second, grouping: app}]
        """,
        {
            CHANNEL: """\
                from mooring.sdk import Channel as Base


                class Channel(Base):
                    def ready(self): ...
                    def validate(self, content, mode): ...
                    def publish(self, content_key, content, options): ...
                    def deliver(self, content_key, tracking, options, batch, previous=None): ...
                    def preview(self, content, batch): ...
                    def prepare(self, content_key, tracking, options): ...
                """,
            "forms/content-settings.yml": "sections: []\n",
            "forms/content-template.yml": "sections: []\n",
        },
    ),
    "liquid": (
        """\
        liquid_extensions:
          rot13:
            entry_point: Rot13
            description: Turns letters.
            input:
              text: {type: string, required: true, description: What is turned.}
        """,
        {
            ROT13: """\
                from mooring.sdk import LiquidExtension


                class Rot13(LiquidExtension):
                    def perform(self): ...
                """,
        },
    ),
    "sync": (
        """\
        destinations:
          crm:
            entry_point: Crm
            description: A CRM.
            schema: contact
          live:
            entry_point: Crm
            description: A CRM that tells its fields.
            schema: {entry_point: CrmSchema}
        sources:
          Shop:
            description: Orders.
            schema: order
          Live:
            description: Orders of a shop that tells its fields.
            schema: {entry_point: OrderSchema}
        """,
        {
            CRM: """\
                from mooring.sdk import Destination


                class Crm(Destination):
                    def ready(self): ...
                    def deliver(self, batch): ...
                """,
            CRM_SCHEMA: """\
                from mooring.sdk import DestinationSchemaFunction


                class CrmSchema(DestinationSchemaFunction):
                    def get_destinations_schema(self): ...
                """,
            ORDER_SCHEMA: """\
                from mooring.sdk import SourceSchemaFunction


                class OrderSchema(SourceSchemaFunction):
                    def get_sources_schema(self): ...
                """,
            CONTACT: """\
                name: contact
                display_name: Contact
                description: A person.
                fields:
                  - {name: person, display_name: Id, description: I., type: string, primary: true}
                  - {name: homes, display_name: Homes, description: Where., type: "[home]"}
                custom_types:
                  - name: home
                    display_name: Home
                    description: A place.
                    fields:
                      - {name: town, display_name: Town, description: The town., type: string}
                """,
            ORDER: """\
                name: order
                display_name: Order
                description: What was bought.
                fields:
                  - {name: order_id, display_name: Id, description: I., type: long, primary: true}
                  - {name: paid, display_name: Paid, description: The sum., type: float}
                """,
        },
    ),
    "portable": (
        "",
        {
            "app.yml": """\
                meta:
                  app_id: shop_app
                  display_name: Shop
                  version: 1.0.0
                  vendor: example
                  support_url: https://example.com/support
                  summary: Counts orders.
                  contact_email: support@example.com
                  categories: [CRM]
                  availability: [all]
                runtime: python3.11
                functions:
                  hook:
                    entry_point: Hook
                    description: Takes orders.
                jobs:
                  sync:
                    entry_point: Sync
                    description: Reads orders.
                    cron: "0 0 */2 * * ?"
                """,
            ORDERS: "",
            CUSTOMERS: "",
        },
    ),
    "older": (
        """\
        sources:
          Shop:
            description: Orders.
            schema: order
            function: {entry_point: OldFunction}
            lifecycle: {entry_point: OldLifecycle}
            jobs:
              fetch: {entry_point: OldJob, description: Fetches., parameters: {pages: 1}}
        """,
        {
            ORDER: """\
                name: order
                display_name: Order
                description: What was bought.
                fields:
                  - {name: order_id, display_name: Id, description: I., type: long, primary: true}
                """,
            OLD_FUNCTION: """\
                from mooring.sdk import SourceFunction


                class OldFunction(SourceFunction):
                    def perform(self): ...
                """,
            OLD_LIFECYCLE: """\
                from mooring.sdk import SourceLifecycle


                class OldLifecycle(SourceLifecycle):
                    def on_source_create(self): ...
                    def on_source_update(self): ...
                    def on_source_delete(self): ...
                    def on_source_enable(self): ...
                    def on_source_pause(self): ...
                """,
            OLD_JOB: """\
                from mooring.sdk import SourceJob


                class OldJob(SourceJob):
                    def prepare(self, params, status=None, resuming=False): ...
                    def perform(self, status): ...
                """,
        },
    ),
}
