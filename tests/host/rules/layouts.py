"""How are public apps for OCP laid out? Small apps of the same shape, written for these tests.

Each has the features that its public counterpart shows: elements, conditions, folders, manifest
sections. The apps are written for Node, as those are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent

META = """\
meta:
  app_id: {app_id}
  display_name: Sample
  version: {version}
  vendor: sample_vendor
  support_url: https://example.com/help
  summary: Shows a layout.
  contact_email: dev@example.com
  categories: [{category}]
  availability: [{availability}]
runtime: {runtime}
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """One app; ``expected`` are the rules of its problems, ``notice`` that it is for Node."""

    name: str
    form: str
    sections: str = ""
    files: dict[str, str] = field(default_factory=dict)
    expected: tuple[str, ...] = ()
    notice: tuple[str, ...] = ("RUN-1",)
    app_id: str = "sample_app"
    version: str = "1.0.0-dev.1"
    category: str = "CRM"
    availability: str = "us"
    runtime: str = "node22"
    without: str = ""

    def texts(self) -> dict[str, str]:
        """Return every file of the app."""
        meta = META.format(
            app_id=self.app_id,
            version=self.version,
            category=self.category,
            availability=self.availability,
            runtime=self.runtime,
        )
        return {
            "app.yml": (meta + dedent(self.sections)).replace(self.without, "")
            if self.without
            else meta + dedent(self.sections),
            "forms/settings.yml": dedent(self.form),
            "assets/directory/overview.md": "# Sample\n\nSee [the set-up](#sample).\n",
            "assets/icon.svg": "<svg/>",
            "assets/logo.svg": "<svg/>",
            "src/lifecycle/Lifecycle.ts": "export class Lifecycle {}\n",
            **{name: dedent(text) for name, text in self.files.items()},
        }


INSTRUCTIONS = """\
    sections:
      - key: instructions
        label: Instructions
        elements:
          - type: instructions
            text: >
              Copy the **discovery URL**, see
              [the guide](https://example.com/guide).
    """
FIELD = "{{name: {0}, type: {1}, display_name: {2}, description: A value.}}"

QUICKSTART = Layout(
    name="quickstart: tracker ids checked by pattern, buttons disabled by bare keys",
    sections="""\
        functions:
          handle_incoming_object:
            entry_point: HandleIncomingObject
            description: Takes a row.
        jobs:
          historical_import:
            entry_point: HistoricalImport
            description: Reads everything.
            cron: 0 0 12 ? * MON-FRI *
        """,
    form="""\
        sections:
          - key: connect
            label: Connect
            elements:
              - type: text
                key: tracker
                label: Tracker
                help: Ten characters.
                required: true
                validations:
                  - regex: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}$"
                    message: Write a UUID.
              - {type: secret, key: api_key, label: Key, help: The private key., required: true}
              - type: button
                label: Save
                action: save
                style: primary
                disabled:
                  operation: any
                  comparators:
                    - {key: tracker, empty: true}
                    - {key: api_key, empty: true}
          - key: sync
            label: Sync
            elements:
              - {type: text, key: folder, label: Folder, help: Where., hint: /in}
        """,
    files={
        "src/schema/events.yml": f"""\
            name: events
            fields:
              - {FIELD.format("sample_app_store", "string", "Sample Store")}
            """,
        "src/schema/sample_app_stores.yml": """\
            name: sample_app_stores
            display_name: Sample Stores
            alias: sample_app_store
            fields:
              - name: store_id
                type: string
                display_name: Store Identifier
                description: The key.
                primary: true
              - {name: opened, type: timestamp, display_name: Opened, description: When.}
            relations:
              - name: sample_app_products
                display_name: Sample Products
                child_object: products
                join_fields: [{parent: store_id, child: product_id}]
            """,
        "src/functions/HandleIncomingObject.ts": "",
    },
)
SYNC_SOURCE = Layout(
    name="sync source: a static schema, state in properties, sections without a button",
    category="Commerce Platform",
    sections="""\
        functions:
          webhook: {entry_point: ProductWebhook, description: Takes products.}
        jobs:
          import: {entry_point: ProductImport, description: Reads products.}
        sources:
          Product:
            description: Products of the shop.
            schema: product
        """,
    form="""\
        sections:
          - key: shop
            label: Shop
            properties: [authorized, last_error]
            elements:
              - {type: text, key: name, label: Name, help: The shop., required: true}
              - {type: secret, key: token, label: Token, help: ''}
              - type: instructions
                text: "It said: {{{shop.last_error}}}"
                visible:
                  operation: all
                  comparators:
                    - {key: shop.last_error, empty: false}
                    - {key: shop.authorized, equals: false}
          - key: limits
            label: Limits
            disabled: {key: shop.authorized, equals: false}
            elements:
              - {type: text, dataType: number, key: batch, label: Batch, help: Rows.}
              - {type: toggle, key: drafts, label: Drafts, help: Also drafts.}
          - key: import
            label: Import
            elements:
              - {type: button, key: import_button, label: Start, action: import}
        """,
    files={
        "src/sources/schema/product.yml": """\
            name: product
            display_name: Product
            description: What is sold.
            fields:
              - name: id
                type: string
                display_name: Id
                description: The id.
                primary: true
              - {name: images, type: "[image]", display_name: Images, description: Pictures.}
              - {name: price, type: float, display_name: Price, description: The price.}
            custom_types:
              - name: image
                display_name: Image
                description: A picture.
                fields:
                  - name: address
                    type: string
                    format: url
                    display_name: Address
                    description: Where it is.
                  - {name: crops, type: "[image]", display_name: Crops, description: Parts.}
            """,
    },
)
OPAL = Layout(
    name="Opal tool with a choice of credentials and long instructions",
    category="Opal",
    availability="all",
    sections="""\
        functions:
          opal_tool:
            entry_point: OpalToolFunction
            description: Tools.
            opal_tool: true
        """,
    form="""\
        sections:
          - key: auth
            label: Authentication
            elements:
              - type: select
                key: method
                label: Method
                help: How to sign in.
                required: true
                defaultValue: key
                options:
                  - {text: Service account, value: account}
                  - {text: Key, value: key}
              - type: text
                multiline: true
                key: account
                label: Account
                help: JSON.
                visible: {key: auth.method, equals: account}
                validations:
                  - predicate:
                      operation: any
                      comparators:
                        - {key: account, empty: false}
                        - {key: method, equals: key}
                    message: Give the account.
              - {type: divider}
              - type: instructions
                text: |
                  1. Open the [console](https://example.com)
                  2. Run `make key`
              - {type: button, label: Save, action: save}
          - key: property
            label: Property
            visible: {key: auth.account, empty: false}
            elements:
              - {type: text, key: property_id, label: Property, help: Its id.}
              - {type: button, label: Save, action: save}
        """,
)
WIZARD = """\
    sections:
      - key: login
        label: Log in
        properties: [authorized]
        elements:
          - type: text
            key: user
            label: User
            help: Who.
            visible: {key: authorized, equals: false}
          - {type: button, label: Log in, action: login, visible: {key: authorized, equals: false}}
          - {type: button, label: Log out, action: logout, visible: {key: authorized, equals: true}}
      - key: choose
        label: Choose
        visible: {key: login.authorized, equals: true}
        elements:
          - type: multi_select
            key: lists
            label: Lists
            help: Which.
            dataSource: {type: app, function: fetch_lists}
          - {type: toggle, key: all, label: All, help: Or all., defaultValue: false}
          - {type: button, label: Save, action: save, visible: false}
      - key: notes
        label: Notes
        visible:
          operation: all
          comparators:
            - {key: login.authorized, equals: true}
            - {operation: any, key: choose.lists, empty: false}
        elements:
          - {type: text, multiline: true, key: note, label: Note, help: Anything.}
    """
MIGRATION_SECTIONS = """\
    functions:
      fetch_lists: {entry_point: FetchLists, description: Lists.}
    liquid_extensions:
      rot13:
        entry_point: Rot13
        description: Turns letters.
        input:
          text: {type: string, required: true, description: What.}
    channel:
      type: sms
      targeting:
        - {identifier: phone, event_data: {country: us}}
      options: {prepare: false}
      delivery:
        batch_size: 100
        rate_limits: [{count: 1, period: 1, unit: second, grouping: install}]
      metrics:
        delivery: [sent]
        disengagement: [opt-out]
    """
CONTENT = {
    f"forms/content-{kind}.yml": """\
        sections:
          - key: content
            label: Content
            elements:
              - {type: text, key: body, label: Body, help: The text., multiline: true}
        """
    for kind in ("settings", "template")
}
MIGRATION = Layout(
    name="migration: a wizard of sections, a channel, an extension for templates",
    category="Channel",
    runtime="node18",
    version="2.3.0",
    sections=MIGRATION_SECTIONS,
    form=WIZARD,
    files=CONTENT,
)
TOOLS = """\
    functions:
      tool: {entry_point: Tool, description: Tools., opal_tool: true}
    """
LAYOUTS = (
    QUICKSTART,
    SYNC_SOURCE,
    OPAL,
    MIGRATION,
    Layout(
        name="migration as it is public: without the zones that older versions could leave out",
        category="Channel",
        sections=MIGRATION_SECTIONS,
        form=WIZARD,
        files=CONTENT,
        without="  availability: [us]\n",
        expected=("MAN-1",),
    ),
    Layout(
        name="Opal tool with instructions alone",
        category="Opal",
        sections=TOOLS,
        form="""\
            sections:
              - key: instructions
                label: Instructions
                elements:
                  - type: instructions
                    text: >
                      Use the URL
                      below.
                # - type: oauth_button
                #   label: Connect
            """,
    ),
    Layout(
        name="viewer for the CMS, which later versions of OCP added: one optional secret",
        runtime="node22-cms-ext",
        notice=(),
        expected=("MAN-2", "MAN-2", "MAN-4"),
        sections="""\
            functions:
              photos:
                entry_point: Photos
                description: Finds photos.
                accepts: cms_ui_extension
            ui_extensions:
              sidebar: [{name: viewer, entry_point: Viewer, display_name: Viewer}]
            """,
        form="""\
            sections:
              - key: api
                label: API
                elements:
                  - {type: secret, key: access_key, label: Key, help: Blank removes it.}
                  - {type: button, label: Save, action: save}
            """,
    ),
    Layout(
        name="Opal tool with sections without buttons, numbers and booleans as text",
        category="Opal",
        sections=TOOLS,
        form="""\
            sections:
              - key: project
                label: Project
                elements:
                  - {type: text, key: project_id, label: Project, help: Its id.}
              - key: auth
                label: Token
                elements:
                  - {type: secret, key: token, label: Token, help: Read access.}
              - key: defaults
                label: Defaults
                elements:
                  - type: select
                    key: limit
                    label: Limit
                    help: Rows.
                    options: [{text: Ten, value: "10"}, {text: Fifty, value: "50"}]
                  - type: select
                    key: drafts
                    label: Drafts
                    help: Also drafts.
                    options: [{text: "Yes", value: "true"}, {text: "No", value: "false"}]
            """,
    ),
    Layout(
        name="the same, earlier, with an element that does not exist",
        category="Opal",
        sections=TOOLS,
        form="""\
            sections:
              - key: auth
                label: Token
                elements:
                  - {type: password, key: token, label: Token, help: Read access.}
            """,
        expected=("FRM-4",),
    ),
    Layout(
        name="connector with a key in plain text and required choices",
        form="""\
            sections:
              - key: settings
                label: Settings
                elements:
                  - {type: text, key: api_key, label: Key, help: The key., required: true}
                  - type: multi_select
                    key: kinds
                    label: Kinds
                    help: Which.
                    required: true
                    options: [{text: Products, value: product}, {text: Items, value: item}]
            """,
    ),
    Layout(
        name="catalogue with a keyed button beside fields that installing fills",
        form="""\
            sections:
              - key: catalogue
                label: Catalogue
                elements:
                  - {type: text, key: url, label: URL, help: The feed., required: false}
                  - {type: text, key: every, label: Every, help: Hours., required: false}
                  - {type: button, key: sync_now, label: Sync now, action: sync}
            """,
        sections="""\
            jobs:
              catalogue_sync:
                entry_point: CatalogueSync
                description: Reads the feed.
                cron: 0 0 * ? * * *
            """,
    ),
    Layout(
        name="hackathon: disabled fields that the app fills, three secrets",
        category="Opal",
        sections=TOOLS,
        form="""\
            sections:
              - key: urls
                label: Addresses
                elements:
                  - {type: text, key: discovery, label: Discovery, help: Copy it., disabled: true}
              - key: keys
                label: Keys
                elements:
                  - {type: secret, key: one, label: One, help: '1', hint: aaa}
                  - {type: secret, key: two, label: Two, help: '2', disabled: false}
                  - {type: secret, key: three, label: Three, help: '3'}
                  - {type: button, label: Save, action: save, disabled: false}
            """,
    ),
    Layout(
        name="security: a secret that is required and visible under conditions",
        sections=TOOLS,
        form="""\
            sections:
              - key: report
                label: Report
                elements:
                  - {type: toggle, key: send, label: Send, help: Sends reports.}
                  - type: secret
                    key: url
                    label: URL
                    help: Where to.
                    required: {key: report.send, equals: true}
                    visible: {key: report.send, equals: true}
                  - type: instructions
                    text: We keep nothing.
                    visible: {operation: none, comparators: [{key: report.send, equals: true}]}
            """,
    ),
    Layout(
        name="template that many copied: disabled text, a divider, instructions",
        category="Opal",
        sections=TOOLS,
        form="""\
            sections:
              - key: instructions
                label: Instructions
                elements:
                  - type: text
                    key: tool_urls
                    label: Tool
                    help: Copy it into Opal.
                    disabled: true
                    multiline: true
                  - {type: divider}
                  - {type: instructions, text: "Open **Opal**."}
            """,
    ),
    Layout(name="zodiac: one block of instructions with a link", form=INSTRUCTIONS),
    Layout(
        name="destination that takes deletions, with a schema from code, for an older runtime",
        runtime="node18_rt",
        sections="""\
            destinations:
              contacts:
                entry_point: Contacts
                description: People.
                schema: {entry_point: ContactsSchema}
                supports_delete: true
            outbound_domains:
              - "*.example.com"
              - https://api.example.com:8443
            """,
        form=INSTRUCTIONS,
    ),
    Layout(
        name="global function that finds its installation itself, and queues of old",
        runtime="node12",
        category="Testing & Utilities",
        sections="""\
            functions:
              router: {entry_point: Router, description: Routes., global: true}
              hook:
                entry_point: Hook
                description: Takes orders.
                installation_resolution: {type: HEADER, key: X-Shop}
            consumers:
              queue: {entry_point: Queue, description: Reads., batch_size: 10}
            """,
        form=INSTRUCTIONS,
        expected=("CON-1",),
    ),
)
