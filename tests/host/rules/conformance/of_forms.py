"""Rules of forms."""

from __future__ import annotations

from tests.host.rules.conformance.case import FORM, Case

SOURCE = "dataSource: {type: app, function: hook}"
TWO = "options: [{text: One, value: 1}, {text: Two, value: 2}]"
CASES = (
    Case(
        "FRM-1", FORM, "        help: Which one.\n", "", "        help: ''\n", place=f"{FORM}:20:9"
    ),
    Case("FRM-2", FORM, "label: Shops", "label: Shops\n    »icon: shop", "label: Shops"),
    Case(
        "FRM-2",
        FORM,
        "type: secret",
        "type: secret\n        »multiline: true",
        "type: text\n        multiline: true",
    ),
    Case("FRM-2", FORM, None, "sections: []\n»pages: []\n", "sections: []\n"),
    Case("FRM-3", FORM, "label: Shops", "label: »5", "label: '5'"),
    Case("FRM-3", FORM, "disabled: {key: token, empty: true}", "disabled: »no", "disabled: false"),
    Case("FRM-4", FORM, "type: secret", "type: »password", "type: text"),
    Case(
        "FRM-4",
        FORM,
        SOURCE,
        "display: »checkbox\n        " + SOURCE,
        "display: radio\n        " + SOURCE,
    ),
    Case(
        "FRM-5",
        FORM,
        "sections:\n",
        "sections:\n  - {key: mail, label: Mail, type: »zed, mode: email}\n",
        "sections:\n  - {key: mail, label: Mail, type: form, elements: []}\n",
    ),
    Case(
        "FRM-6",
        FORM,
        "sections:\n",
        "sections:\n  - {key: auth, label: A, elements: []}\n",
        "sections:\n  - {key: other, label: A, elements: []}\n",
        place=f"{FORM}:3:10",
    ),
    Case("FRM-7", FORM, "[authorized]", "[authorized, »token]", "[authorized, tokens]"),
    Case(
        "FRM-7",
        FORM,
        "- type: button",
        "- key: »token\n        type: button",
        "- key: save\n        type: button",
    ),
    Case(
        "FRM-8",
        FORM,
        "[authorized]\n    elements:\n",
        "[authorized]\n    elements:\n      - {type: text, key: »a.b, label: A, help: A}\n",
        "[authorized]\n    elements:\n      - {type: text, key: a_b, label: A, help: A}\n",
    ),
    Case(
        "FRM-9",
        FORM,
        SOURCE,
        "hint: Any",
        "options: []",
        place=f"{FORM}:20:9",
    ),
    Case("FRM-10", FORM, SOURCE, f"options: »[]\n        {SOURCE}", SOURCE),
    Case("FRM-11", FORM, "key: auth.authorized", "key: »authorized", "key: auth.token"),
    Case("FRM-11", FORM, "key: token, empty", "key: »tokens, empty", "key: auth.token, empty"),
    Case(
        "FRM-12",
        FORM,
        "Needed for {{shops.shop}}.",
        "»Needed for {{shop}}.",
        "Needed for {{#auth.authorized}}it{{/auth.authorized}}.",
    ),
    Case("FRM-13", FORM, "function: hook", "function: »hock", "function: lookup"),
    Case("FRM-14", FORM, '"^tk_[a-z0-9]+$"', '»"^tk_["', '"^tk_(?<n>a)$"'),
    Case(
        "FRM-15",
        FORM,
        "{key: auth.authorized, equals: true}",
        "»{key: auth.authorized}",
        "{key: auth.authorized, empty: false}",
    ),
    Case(
        "FRM-15",
        FORM,
        "{key: auth.authorized, equals: true}",
        "»{key: auth.authorized, equals: true, empty: true}",
        "{operation: none, comparators: [{key: auth.authorized, equals: false}]}",
    ),
    Case(
        "FRM-16",
        FORM,
        SOURCE,
        f"defaultValue: »3\n        {TWO}",
        f"defaultValue: 2\n        {TWO}",
    ),
    Case(
        "FRM-16",
        FORM,
        SOURCE,
        f'defaultValue: »"1"\n        {TWO}',
        f"defaultValue: 1\n        {TWO}",
    ),
    Case("FRM-17", FORM, "[authorized]", "[authorized, »is-on]", "[authorized, is_on]"),
    Case("FRM-18", FORM, SOURCE, TWO.replace("2}", "»1}"), TWO.replace("2}", "1.5}")),
    Case("FRM-19", FORM, '"^tk_[a-z0-9]+$"', '»"/^tk_/"', '"^/tk_"'),
    Case(
        "FRM-20",
        FORM,
        "Needed for {{shops.shop}}.",
        "»Needed for {{shops.shop.",
        "Needed for {shops.",
    ),
    Case(
        "FRM-20",
        FORM,
        "Needed for {{shops.shop}}.",
        "»Needed {{#auth.token}}.",
        "Needed {{^auth.token}}a{{/auth.token}}.",
    ),
    Case(
        "FRM-21",
        FORM,
        SOURCE,
        "dataSource: {type: http, url: »a.example}",
        "dataSource: {type: http, url: https://a.example}",
    ),
)
