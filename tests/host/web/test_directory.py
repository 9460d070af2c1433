"""How a path is taken apart; what it leads to is in the tests of the public server."""

from __future__ import annotations

import pytest

from mooring.web.directory import Address, address_of

UUID = "ea5d95cb-a1d9-44e5-8d60-8ae4388768c4"


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (f"/functions/shop/hook/{UUID}", Address("shop", "hook", UUID, "")),
        (f"/functions/shop/hook/{UUID}/", Address("shop", "hook", UUID, "/")),
        (f"/functions/shop/hook/{UUID}/a//b/", Address("shop", "hook", UUID, "/a//b/")),
        (f"/functions/shop/hook/{UUID.upper()}/a", Address("shop", "hook", UUID, "/a")),
        ("/functions/shop/hook", Address("shop", "hook", "", "")),
        ("/functions/shop/hook/", Address("shop", "hook", "", "/")),
        (f"/functions/shop/h%6Fok/{UUID}/%2F%20", Address("shop", "hook", UUID, "// ")),
        (f"/%66unctions/shop/hook/{UUID}%2Fa", Address("shop", "hook", "", f"/{UUID}/a")),
        (f"/functions/shop%2Fhook/{UUID}", Address("shop/hook", UUID, "", "")),
        ("/functions/shop/hook/a/b/c", Address("shop", "hook", "", "/a/b/c")),
        (f"/functions/shop/hook/{UUID}x/a", Address("shop", "hook", "", f"/{UUID}x/a")),
        (f"/functions/shop/hook/{UUID.replace('-', '')}", None),
    ],
)
def test_a_path_names_app_function_installation_and_the_rest(
    path: str, address: Address | None
) -> None:
    expected = address or Address("shop", "hook", "", f"/{UUID.replace('-', '')}")
    assert address_of(path.encode()) == expected


@pytest.mark.parametrize(
    "path",
    ["", "/", "/functions", "/functions/shop", "/functions/shop/", "/functions//hook", "/x/y/z"],
)
def test_any_other_path_is_no_address(path: str) -> None:
    assert address_of(path.encode()) is None
