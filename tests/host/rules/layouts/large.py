"""Apps with schema, sources, channels and forms of several sections."""

from __future__ import annotations

from tests.host.rules.layouts.layout import Layout

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
LARGE = (
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
)
