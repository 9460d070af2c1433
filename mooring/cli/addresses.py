"""At which addresses does an app listen, and what do they need before they serve anybody?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mooring.cli.layout import aligned
from mooring.model.account import account_option

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation
    from mooring.model.manifest import FunctionEntry


def addresses_text(host: Host, installation: Installation) -> Iterator[str]:
    """Write the addresses under a heading, and how to let in who signs; nothing if there are none.

    What is missing is no fault: an app may leave a function to people who never use it.
    """
    shown = shown_addresses(host, installation, host.endpoints(installation))
    if not shown:
        return
    yield from ("", "Function URLs:", *(f"  {line}" for line in aligned(shown)))
    if unset := unset_secrets(host, installation):
        names = ", ".join(sorted(unset))
        yield from ("", f"Answered with 503 until there is a secret to check senders with: {names}")
        yield from (f"  {command}" for command in secret_commands(installation, unset))


def shown_addresses(
    host: Host, installation: Installation, urls: Mapping[str, str]
) -> dict[str, str]:
    """Return each address with where a request names its account, if the address serves all."""
    declared = host.definition(installation).manifest.functions
    return {name: f"{url}{_whose(declared.get(name))}" for name, url in urls.items()}


def unset_secrets(host: Host, installation: Installation) -> dict[str, str]:
    """Return the functions that refuse whatever is sent, each with the secret that it lacks."""
    there = {name for name, _ in host.secrets(installation).names()}
    functions = host.definition(installation).manifest.functions
    return {
        name: entry.verify.secret
        for name, entry in functions.items()
        if entry.verify and entry.verify.secret not in there
    }


def secret_commands(installation: Installation, unset: Mapping[str, str]) -> list[str]:
    """Return the commands that set the secrets which functions lack."""
    option = account_option(installation.account)
    return [
        f"mooring secrets {installation.app_id} set {secret}{option}"
        for secret in sorted(set(unset.values()))
    ]


def _whose(function: FunctionEntry | None) -> str:
    """Say of an address of all accounts where a request names the account."""
    rule = function.resolved_by if function else None
    kinds = {"HEADER": "header", "QUERY_PARAM": "query parameter"}
    return f"  ({kinds.get(rule.type, 'body')} {rule.key}: the account)" if rule else ""
