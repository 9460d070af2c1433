"""Apps of one function or job, and a form."""

from __future__ import annotations

from tests.host.rules.layouts.layout import Layout

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
TOOLS = """\
    functions:
      tool: {entry_point: Tool, description: Tools., opal_tool: true}
    """
SMALL = (
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
