from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Found = Callable[[], list[str]]
ORDERS, CUSTOMERS = "schema/shop_app_orders.yml", "schema/customers.yml"


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (ORDERS, "name: shop_app_orders", "name: shop_app_order", "1 SCH-2"),
        (ORDERS, "display_name: Shop Orders\n", "", "1 SCH-5"),
        (ORDERS, "display_name: Shop Orders", 'display_name: " "', "2 SCH-5"),
        (ORDERS, "display_name: Shop Orders", "display_name: Orders", "2 SCH-6"),
        (ORDERS, "fields:", "alias: orders\nfields:", "3 SCH-7"),
        (ORDERS, "type: string, display_name: Key", "type: number, display_name: Key", "4 SCH-13"),
        (ORDERS, ", primary: true", "", "3 SCH-14"),
        (ORDERS, "name: item, type", "name: order_key, type", "5 SCH-23 10 SCH-25"),
        (ORDERS, "child_object: products", "child_object: shoes", "9 SCH-24"),
        (ORDERS, "parent: item", "parent: itme", "10 SCH-25"),
        (ORDERS, "type: string", "type: text", "4 SCH-1"),
        (ORDERS, "name: item, type", "name: Item, type", "5 SCH-4 10 SCH-25"),
        (CUSTOMERS, "fields:", "display_name: People\nfields:", "2 SCH-8"),
        (CUSTOMERS, "name: shop_app_points", "name: points", "3 SCH-10"),
        (CUSTOMERS, "display_name: Shop Points", "display_name: Points", "5 SCH-11"),
        (CUSTOMERS, "type: number", "primary: true\n    type: number", "4 SCH-12"),
        (CUSTOMERS, "name: shop_app_user_id", "name: user_id", "8 SCH-20"),
        (CUSTOMERS, "display_name: Shop User ID", "display_name: User ID", "8 SCH-20"),
        (CUSTOMERS, "name: shop_app_user_id", "name: shop_app_user", "8 SCH-21"),
        (CUSTOMERS, "Shop User ID", "Shop User", "8 SCH-22"),
    ],
)
def test_a_fault_of_a_schema_file_is_found_at_its_line(
    app: Any, found: Found, file: str, old: str, new: str, expected: str
) -> None:
    app.replace(file, old, new)
    words = expected.split()
    lines = [f"{file}:{words[n]} {words[n + 1]}" for n in range(0, len(words), 2)]
    assert found() == lines


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("points", "Write: shop_app_points"),
        ("Bonus-Points", "Write: shop_app_bonus_points"),
        ("p" * 53, f"Write: shop_app_{'p' * 53}"),
        ("p" * 54, "Write: shop_app_… with at most 53 characters behind it."),
        ("ü", "Write: shop_app_… with at most 53 characters behind it."),
    ],
)
def test_the_remedy_for_a_name_is_itself_a_valid_name(app: Any, name: str, remedy: str) -> None:
    app.replace(CUSTOMERS, "name: shop_app_points", f"name: {name}")
    (hint,) = [problem.hint for problem in app.problems() if problem.rule == "SCH-10"]
    assert hint == remedy
    app.replace(CUSTOMERS, f"name: {name}", f"name: {remedy.split()[1].replace('_…', '_p')}")
    assert app.problems() == []


def test_only_customers_have_identifiers(app: Any, found: Found) -> None:
    app.replace(
        ORDERS,
        "fields:",
        "identifiers: [{name: x_id, display_name: X ID, merge_confidence: low}]\nfields:",
    )
    assert found() == [f"{ORDERS}:3 SCH-19"]


def test_a_relation_over_the_apps_own_fields_carries_its_names(app: Any, found: Found) -> None:
    app.replace(CUSTOMERS, "type: number", "type: string")
    app.replace(
        CUSTOMERS,
        "identifiers:",
        "relations:\n  - name: points\n    display_name: Points\n"
        "    child_object: shop_app_orders\n"
        "    join_fields: [{parent: shop_app_points, child: order_key}]\nidentifiers:",
    )
    assert found() == [f"{CUSTOMERS}:8 SCH-17", f"{CUSTOMERS}:9 SCH-18"]


def test_an_object_that_nobody_knows_is_a_warning(app: Any, found: Found) -> None:
    app.write("schema/shoes.yml", "name: shoes\n")
    assert found() == ["schema/shoes.yml:1 SCH-3"]
    assert not app.problems()[0].is_error


def test_schema_is_read_where_ocp_keeps_it_too(app: Any, found: Found) -> None:
    app.write("src/schema/shop_app_x.yaml", "name: other\n")
    assert found() == ["src/schema/shop_app_x.yaml:1 SCH-2"]
