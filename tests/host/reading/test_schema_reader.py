from __future__ import annotations

from typing import Any

import pytest

from mooring.model.schema import JoinField, SchemaField, SchemaIdentifier, SchemaRelation
from mooring.reading.node import Malformed
from mooring.reading.schema_reader import read_schema_object

FIELD = {"name": "order_id", "type": "string", "display_name": "Order", "description": "Its id."}
RELATION = {
    "name": "order",
    "display_name": "Order",
    "child_object": "orders",
    "join_fields": [{"parent": "a", "child": "b"}],
}
IDENTIFIER = {"name": "shop_id", "display_name": "Shop ID", "merge_confidence": "low"}


def test_a_name_is_enough() -> None:
    read = read_schema_object({"name": "customers"})
    assert (read.name, read.fields, read.relations, read.identifiers) == ("customers", (), (), ())


def test_everything_else_is_read_too() -> None:
    read = read_schema_object(
        {
            "name": "shop_orders",
            "display_name": "Shop Orders",
            "alias": "shop_o",
            "fields": [{**FIELD, "primary": True}],
            "relations": [RELATION],
            "identifiers": [{**IDENTIFIER, "messaging": True}],
        }
    )
    assert (read.display_name, read.alias) == ("Shop Orders", "shop_o")
    assert read.fields == (SchemaField("order_id", "string", "Order", "Its id.", primary=True),)
    assert read.relations == (SchemaRelation("order", "Order", "orders", (JoinField("a", "b"),)),)
    assert read.identifiers == (SchemaIdentifier("shop_id", "Shop ID", "low", messaging=True),)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({}, ("name",)),
        ({"name": "a", "fields": [{**FIELD, "type": "text"}]}, ("fields", 0, "type")),
        ({"name": "a", "fields": [{**FIELD, "primary": 1}]}, ("fields", 0, "primary")),
        ({"name": "a", "fields": {}}, ("fields",)),
        (
            {"name": "a", "relations": [{**RELATION, "join_fields": [{}]}]},
            ("relations", 0, "join_fields", 0, "parent"),
        ),
        (
            {"name": "a", "identifiers": [{**IDENTIFIER, "merge_confidence": "medium"}]},
            ("identifiers", 0, "merge_confidence"),
        ),
    ],
)
def test_what_has_another_shape_is_named_by_its_path(
    value: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(Malformed) as wrong:
        read_schema_object(value)
    assert wrong.value.path == path
