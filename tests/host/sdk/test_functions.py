"""Under which addresses an app's code learns that it is reached, and whose they are."""

from __future__ import annotations

import pytest

from mooring.errors import NoContext, NotFound
from mooring.sdk import functions
from mooring.sdk.context import use
from mooring.testing.memory import MemoryFunctions
from mooring.testing.memory import memory_app as make_memory_app

HOOK = "https://hooks.example.com/functions/test_app/hook/uuid"


def test_an_installation_learns_its_own_addresses() -> None:
    named = MemoryFunctions(install_id=7, endpoints={"hook": HOOK})
    with use(make_memory_app(install_id=7, functions=named).invocation):
        assert functions.get_endpoints() == {"hook": HOOK}
        assert functions.get_endpoints(7) == {"hook": HOOK}


def test_an_installation_learns_no_others() -> None:
    named = MemoryFunctions(install_id=8, endpoints={"hook": HOOK})
    with (
        use(make_memory_app(install_id=7, functions=named).invocation),
        pytest.raises(NotFound, match="Installation 8 is not the one that this call is for"),
    ):
        functions.get_endpoints(8)


def test_a_global_function_says_which_installation_it_means() -> None:
    named = MemoryFunctions(install_id=8, endpoints={"hook": HOOK})
    with use(make_memory_app(install_id=0, functions=named).invocation):
        assert functions.get_endpoints(8) == {"hook": HOOK}
        with pytest.raises(NoContext, match="needs an install_id"):
            functions.get_endpoints()
