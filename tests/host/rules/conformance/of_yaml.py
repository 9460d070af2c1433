"""Rules of every YAML file."""

from __future__ import annotations

from tests.host.rules.conformance.case import APP, BASES, FORM, ORDERS, Case

PORTABLE = BASES["portable"][1][APP]
DEEP = "parameters: {full: false, pages: 3}"
# With the two of the app they are as many as may be.
MANY = [f"schema/shop_app_{n}.yml" for n in range(498)]
OWN = """\
name: shop_app_{0}
display_name: Shop {0}
fields:
- {{name: id, type: string, display_name: Id, description: I., primary: true}}
"""
FIELDS = "".join(
    f"- {{name: f{n}, type: number, display_name: F, description: F.}}\n" for n in range(2_500)
)
CASES = (
    Case("YML-1", APP, None, b"meta:\n  x: \xff\n", PORTABLE, place="app.yml:2:6"),
    Case("YML-1", ORDERS, "Shop Orders", "Shop »\x00rders", "Shop Orders"),
    Case(
        "YML-2",
        FORM,
        None,
        "# " + "x" * 1_000_000,
        "sections: []\n# " + "x" * 999_000,
        place=f"{FORM}:1:1",
    ),
    Case(
        "YML-3",
        APP,
        'cron: "0 0 */2 * * ?"',
        "cron: */2 »* * * *",
        "cron: '*/2 * * * *'",
        place="app.yml:29:12",
    ),
    Case("YML-3", FORM, "label: Account", "label: a: »b", "label: 'a: b'", place=f"{FORM}:3:13"),
    Case(
        "YML-4",
        APP,
        DEEP,
        "parameters: {full: " + "{a: " * 46 + "»[1]" + "}" * 47,
        "parameters: {full: " + "{a: " * 45 + "[1]" + "}" * 46,
    ),
    Case(
        "YML-5",
        APP,
        DEEP,
        "parameters: {full: [" + "1, " * 25_010 + "]}",
        "parameters: {full: [" + "1, " * 24_000 + "]}",
        place="app.yml:32:74899",
    ),
    Case("YML-6", APP, "vendor: example", "vendor: »&v example", "vendor: example"),
    Case("YML-6", APP, "{full: false", "{»<<: {a: 1}, full: false", "{'<<': {a: 1}, full: false"),
    Case("YML-6", APP, "vendor: example", "vendor: »*v", "vendor: example", follows=()),
    Case(
        "YML-7", APP, "vendor: example", "vendor: »!!python/name:x example", "vendor: !!str example"
    ),
    Case(
        "YML-8",
        APP,
        "  vendor: example\n",
        "  vendor: example\n  »vendor: other\n",
        "  vendor: example\n",
    ),
    Case("YML-9", APP, DEEP, "parameters: {»[a]: 1}", "parameters: {'[a]': 1}"),
    Case("YML-10", FORM, None, "sections: []\n»---\nsections: []\n", "---\nsections: []\n"),
    Case("YML-11", APP, "pages: 3", "pages: »012", "pages: 12"),
    Case("YML-11", APP, "pages: 3", "pages: »0o12", "pages: '0o12'"),
    Case("YML-11", APP, "pages: 3", "pages: »1:30", 'pages: "1:30"'),
    Case("YML-11", APP, "full: false", "full: »no", "full: 'no'"),
    Case("YML-11", APP, "full: false", "»on: false", "'on': false"),
    Case("YML-11", APP, "Reads orders.", "»2020-01-01", "'2020-01-01'"),
    Case("YML-11", FORM, "equals: true", "equals: »Yes", "equals: true"),
    Case(
        "YML-11",
        FORM,
        "dataSource: {type: app, function: hook}",
        "options: [{text: No, value: »No}]",
        "options: [{text: No, value: 'No'}]",
    ),
    Case(
        "YML-12",
        MANY[0],
        None,
        OWN.format(0),
        OWN.format(0),
        place="schema:1:1",
        more={file: OWN.format(n) for n, file in enumerate(MANY)},
        spoil={"schema/shop_app_last.yml": OWN.format("last")},
    ),
    Case(
        "YML-13",
        "schema/shop_app_9.yml",
        None,
        OWN.format(9),
        None,
        base="portable",
        place="schema/shop_app_9.yml:1:1",
        more={f"schema/shop_app_{n}.yml": f"{OWN.format(n)}{FIELDS}" for n in range(4)},
    ),
)
