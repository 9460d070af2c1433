"""Under which addresses an installation's functions are reached."""

from __future__ import annotations

import pytest

from mooring.adapters.repositories.installations import Installations
from mooring.engine.installation_services import InstallationFunctions
from mooring.errors import NotFound
from mooring.model.installation import Installation, InstallationState
from mooring.model.manifest import FunctionEntry, InstallationResolution, Manifest, Meta

META = Meta(
    *("shop", "Shop", "1.0.0", "acme", "https://example.com", "Sells.", "a@example.com"),
    categories=(),
    availability=(),
)
BASE = "https://hooks.example/functions/shop"
ENTRIES = (
    FunctionEntry("hook", "Hook", ""),
    FunctionEntry("all", "All", "", is_global=True),
    FunctionEntry(
        *("named", "Named", ""),
        installation_resolution=InstallationResolution("HEADER", "X-Account"),
    ),
    FunctionEntry(
        *("guid", "Guid", ""), installation_resolution=InstallationResolution("GUID", "")
    ),
)
MANIFEST = Manifest(META, "python3.11", functions={entry.name: entry for entry in ENTRIES})


@pytest.fixture
def functions(installation: Installation, installations: Installations) -> InstallationFunctions:
    return InstallationFunctions(
        installation,
        MANIFEST,
        installations=installations,
        public_url=lambda: "https://hooks.example",
    )


def test_a_function_of_all_accounts_has_the_address_without_uuid(
    functions: InstallationFunctions, installation: Installation, installations: Installations
) -> None:
    uuids = {
        name: installations.add_endpoint(installation.install_id, "shop", name).uuid
        # A version before this one had an address of its own for `named`.
        for name in ("hook", "guid", "named")
    }
    assert functions.get_endpoints() == {
        "guid": f"{BASE}/guid/{uuids['guid']}",
        "hook": f"{BASE}/hook/{uuids['hook']}",
        "named": f"{BASE}/named",
    }
    assert functions.get_global_endpoints() == {"all": f"{BASE}/all"}


def test_a_global_function_learns_those_of_any_installation_of_its_app(
    functions: InstallationFunctions, installations: Installations
) -> None:
    other = installations.create(app_id="shop", account="paris", version="1.0.0", root="/x")
    uuid = installations.add_endpoint(other.install_id, "shop", "hook").uuid
    assert functions.get_endpoints(other.install_id) == {
        "hook": f"{BASE}/hook/{uuid}",
        "named": f"{BASE}/named",
    }


def test_no_other_installation_is_told_of(
    functions: InstallationFunctions, installations: Installations
) -> None:
    mail = installations.create(app_id="mail", account="local", version="1.0.0", root="/x")
    gone = installations.create(app_id="shop", account="paris", version="1.0.0", root="/x")
    installations.set_state(gone.install_id, InstallationState.UNINSTALLED)
    for install_id in (mail.install_id, gone.install_id, 4711):
        with pytest.raises(NotFound, match=f"no installation {install_id}"):
            functions.get_endpoints(install_id)
