"""Rules of schema files, of the data platform's and of data syncs'."""

from __future__ import annotations

from tests.host.rules.conformance.case import APP, CONTACT, CUSTOMERS, ORDER, ORDERS, Case

OWN = """\
name: shop_app_orders
display_name: Shop Orders
fields: [{name: id, type: string, display_name: Id, description: I., primary: true}]
"""
RELATION = """\
relations:
  - name: item
    display_name: Item
    child_object: products
    join_fields: [{parent: item, child: product_id}]
"""


def points(name: str, display_name: str) -> str:
    """Write a relation of customers over a field of the app's own."""
    return (
        f"relations:\n  - name: {name}\n    display_name: {display_name}\n"
        "    child_object: shop_app_orders\n"
        "    join_fields: [{parent: shop_app_points, child: amount}]\nidentifiers:"
    )


AMOUNT = (
    "  - {name: amount, type: number, display_name: Amount, description: How many.}\nrelations:"
)
WITH_AMOUNT = {
    ORDERS: """\
        name: shop_app_orders
        display_name: Shop Orders
        fields:
          - {name: order_key, type: string, display_name: Key, description: A., primary: true}
          - {name: amount, type: number, display_name: Amount, description: How many.}
        """
}
OBJECTS = (
    Case(
        "SCH-1",
        ORDERS,
        "type: string, display_name: Item",
        "type: »text, display_name: Item",
        "type: vector, display_name: Item",
    ),
    Case("SCH-1", ORDERS, None, "", OWN, place=f"{ORDERS}:1:1"),
    Case("SCH-1", ORDERS, "fields:", "»field: []\nfields:", "fields:"),
    Case(
        "SCH-2", ORDERS, "name: shop_app_orders", "name: »shop_app_order", "name: shop_app_orders"
    ),
    Case("SCH-3", "schema/shoes.yml", None, "name: »shoes\n", None),
    Case(
        "SCH-4",
        ORDERS,
        "relations:\n  - name: item",
        "relations:\n  - name: »Item",
        "relations:\n  - name: item_2",
    ),
    Case(
        "SCH-5",
        ORDERS,
        "display_name: Shop Orders",
        "display_name: »''",
        "display_name: Shop Orders",
    ),
    Case(
        "SCH-6",
        ORDERS,
        "display_name: Shop Orders",
        "display_name: »ShopOrders",
        "display_name: Shop  Orders",
    ),
    Case("SCH-7", ORDERS, "fields:", "alias: »orders\nfields:", "alias: shop_app_o\nfields:"),
    Case("SCH-8", CUSTOMERS, "fields:", "alias: »shop_app_people\nfields:", "fields:"),
    Case("SCH-9", ORDERS, "description: The item.", "description: »' '", "description: I"),
    Case("SCH-10", CUSTOMERS, "name: shop_app_points", "name: »points", "name: shop_app_p"),
    Case(
        "SCH-11",
        CUSTOMERS,
        "display_name: Shop Points",
        "display_name: »Points",
        "display_name: Shop P",
    ),
    Case(
        "SCH-12",
        CUSTOMERS,
        "type: number",
        "primary: »true\n    type: number",
        "primary: false\n    type: number",
    ),
    Case(
        "SCH-13",
        ORDERS,
        "type: string, display_name: Key",
        "type: »number, display_name: Key",
        "type: string, display_name: Key",
    ),
    Case("SCH-14", ORDERS, ", primary: true", "", ", primary: true", place=f"{ORDERS}:3:1"),
    Case(
        "SCH-15",
        ORDERS,
        "display_name: Item\n    child",
        "display_name: »''\n    child",
        "display_name: Item\n    child",
    ),
    Case(
        "SCH-16",
        ORDERS,
        "[{parent: item, child: product_id}]",
        "»[]",
        "[{parent: item, child: product_id}]",
    ),
    Case(
        "SCH-17",
        CUSTOMERS,
        "identifiers:",
        points("»points", "Shop Points"),
        points("shop_app_points", "Shop Points"),
        more=WITH_AMOUNT,
    ),
    Case(
        "SCH-18",
        CUSTOMERS,
        "identifiers:",
        points("shop_app_points", "»Points"),
        points("shop_app_points", "Shop Points"),
        more=WITH_AMOUNT,
    ),
    Case(
        "SCH-19",
        ORDERS,
        "relations:",
        "identifiers: »[{name: x_id, display_name: X ID, merge_confidence: low}]\nrelations:",
        "identifiers: []\nrelations:",
    ),
    Case("SCH-20", CUSTOMERS, "name: shop_app_user_id", "name: »user_id", "name: shop_app_id"),
    Case(
        "SCH-20",
        CUSTOMERS,
        "display_name: Shop User ID",
        "display_name: »User ID",
        "display_name: Shop ID",
    ),
    Case(
        "SCH-21",
        CUSTOMERS,
        "name: shop_app_user_id",
        "name: »shop_app_user",
        "name: shop_app_user_id",
    ),
    Case(
        "SCH-22",
        CUSTOMERS,
        "display_name: Shop User ID",
        "display_name: »Shop User Id",
        "display_name: Shop User ID",
    ),
    Case(
        "SCH-23",
        ORDERS,
        "relations:",
        "  - {name: »item, type: string, display_name: I, description: I.}\nrelations:",
        "  - {name: item2, type: string, display_name: I, description: I.}\nrelations:",
    ),
    Case(
        "SCH-23",
        ORDERS,
        RELATION,
        RELATION + RELATION[11:].replace("name: item", "name: »item", 1),
        RELATION + RELATION[11:].replace("name: item", "name: item2", 1),
    ),
    Case("SCH-24", ORDERS, "child_object: products", "child_object: »shoes", "child_object: lists"),
    Case("SCH-25", ORDERS, "parent: item", "parent: »itme", "parent: order_key"),
    Case(
        "SCH-26",
        ORDERS,
        "description: The item.",
        "description: The item., primary: »true",
        "description: The item., primary: false",
    ),
    Case(
        "SCH-27",
        ORDERS,
        "child_object: products\n    join_fields: [{parent: item, child: product_id}",
        "child_object: customers\n    join_fields: [»{parent: item, child: shop_app_points}",
        "child_object: customers\n    join_fields: [{parent: item, child: email}",
    ),
)
PRIMARY = "description: I., type: string, primary: true}"
DATA_SYNCS = (
    Case("DST-6", APP, "schema: contact", "schema: »' '", "schema: contact", base="sync"),
    Case("DST-7", APP, "schema: contact", "schema: »contacts", "schema: contact", base="sync"),
    Case("SRC-7", APP, "schema: order", "schema: »''", "schema: order", base="sync"),
    Case("SRC-2", APP, "schema: order", "schema: »orders", "schema: order", base="sync"),
    Case(
        "DSC-1",
        CONTACT,
        'type: "[home]"',
        "type: »[home]",
        "type: home",
        base="sync",
        follows=("DSC-14",),
    ),
    Case(
        "DSC-1",
        CONTACT,
        'type: "[home]"',
        'type: »"[[home]]"',
        'type: "[home]"',
        base="sync",
        follows=("DSC-14",),
    ),
    Case(
        "DSC-1",
        ORDER,
        "description: What was bought.\n",
        "",
        "description: ''\n",
        base="sync",
        place=f"{ORDER}:1:1",
    ),
    Case(
        "DSC-1",
        ORDER,
        "type: float",
        "type: string, format: »uri",
        "type: string, format: url",
        base="sync",
    ),
    Case("DSC-2", ORDER, "name: order\n", "name: »orders\n", "name: order\n", base="sync"),
    Case(
        "DSC-3",
        "src/sources/schema/Other.yml",
        None,
        "name: »Other\ndisplay_name: O\ndescription: O.\n"
        "fields: [{name: id, display_name: Id, description: I., type: int, primary: true}]\n",
        None,
        base="sync",
    ),
    Case(
        "DSC-4", ORDER, "display_name: Order", "display_name: »' '", "display_name: O", base="sync"
    ),
    Case(
        "DSC-5", ORDER, ", primary: true", "", ", primary: true", base="sync", place=f"{ORDER}:4:1"
    ),
    Case("DSC-6", ORDER, "name: paid", "name: »Paid", "name: paid_sum", base="sync"),
    Case(
        "DSC-6", CONTACT, "display_name: Town", "display_name: »''", "display_name: T", base="sync"
    ),
    Case(
        "DSC-7", CONTACT, "description: A place.", "description: »''", "description: P", base="sync"
    ),
    Case("DSC-9", ORDER, "type: float", "type: »integer", "type: int", base="sync"),
    Case(
        "DSC-9",
        CONTACT,
        "The town., type: string",
        "The town., type: »house",
        "The town., type: home",
        base="sync",
    ),
    Case(
        "DSC-10",
        CONTACT,
        "The town., type: string",
        'The town., type: »"[house]"',
        'The town., type: "[long]"',
        base="sync",
    ),
    Case(
        "DSC-11",
        ORDER,
        "type: float",
        "type: int, primary: »true",
        "type: int, primary: false",
        base="sync",
    ),
    Case(
        "DSC-12",
        CONTACT,
        PRIMARY,
        "description: I., type: »boolean, primary: true}",
        PRIMARY,
        base="sync",
    ),
    Case("DSC-13", ORDER, "name: paid", "name: »order_id", "name: paid", base="sync"),
    Case(
        "DSC-14",
        CONTACT,
        'type: "[home]"',
        "type: string",
        "type: home",
        base="sync",
        place=f"{CONTACT}:8:11",
    ),
)
CASES = (*OBJECTS, *DATA_SYNCS)
