"""Two implementations of ODP's rules of identity agree on whatever arrives in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mooring.adapters.odp_embedded import EmbeddedOdp
from mooring.adapters.odp_embedded.tables import metadata
from mooring.sdk.ports import OdpPort
from mooring.testing.clock import FakeClock
from mooring.testing.memory_odp import MemoryOdp

CLOCK = FakeClock()
IDENTIFIERS = ("email", "phone", "vuid")


def one_of(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *values])


ROWS = st.fixed_dictionaries(
    {
        "email": one_of("a@x.org", "b@x.org", "c@x.org"),
        "phone": one_of("+1", "+2"),
        "vuid": one_of("v1", "v2", "v3"),
    },
    optional={"city": one_of("Lyon", "Paris")},
).filter(lambda row: any(row[name] for name in IDENTIFIERS))
CALLS = st.lists(
    st.tuples(st.sampled_from(["customers", "events"]), st.lists(ROWS, min_size=1, max_size=4)),
    min_size=1,
    max_size=6,
)


def apply(odp: OdpPort, calls: list[tuple[str, list[dict[str, Any]]]]) -> None:
    for kind, rows in calls:
        CLOCK.advance(1)
        if kind == "customers":
            odp.upsert_customers([{"attributes": row} for row in rows])
        else:
            named = [{name: row[name] for name in IDENTIFIERS} for row in rows]
            odp.send_events([{"type": "visit", "identifiers": one} for one in named])


def known(odp: OdpPort) -> list[tuple[tuple[str, Any], ...]]:
    everybody = odp.customers().customers
    return [tuple(sorted(customer.attributes.items())) for customer in everybody]


def owners(odp: OdpPort) -> dict[tuple[str, str], int | None]:
    """Say as the how-manieth customer each value leads to."""
    order = [customer.customer_id for customer in odp.customers().customers]
    values = {
        "email": ("a@x.org", "b@x.org", "c@x.org"),
        "phone": ("+1", "+2"),
        "vuid": ("v1", "v2", "v3"),
    }
    found = {(n, v): odp.customer(n, v) for n, several in values.items() for v in several}
    return {pair: order.index(c.customer_id) if c else None for pair, c in found.items()}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedOdp]:
    store = EmbeddedOdp.open(tmp_path_factory.mktemp("odp") / "odp.sqlite", clock=CLOCK)
    yield store
    store.close()


@given(calls=CALLS)
@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
def test_both_know_the_same_customers(
    embedded: EmbeddedOdp, calls: list[tuple[str, list[dict[str, Any]]]]
) -> None:
    with embedded._database.write() as connection:
        for table in metadata.tables.values():
            connection.execute(table.delete())
    memory = MemoryOdp(now=CLOCK.now)
    apply(embedded, calls)
    apply(memory, calls)
    assert known(embedded) == known(memory)
    assert owners(embedded) == owners(memory)
