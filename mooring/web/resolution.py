"""For which account is a request that came to the address of all accounts?

A sender must not learn which accounts there are. Where a function verifies its senders, an account
that is unknown here is answered as a wrong signature is; elsewhere as an address without function.
"""

from __future__ import annotations

from dataclasses import replace

from mooring.engine.problems import Hide, refusal
from mooring.engine.resolution import account_named
from mooring.errors import RequestInvalid
from mooring.model.account import is_account
from mooring.sdk.webhook import Request
from mooring.web.directory import Address, Directory, SharedAddress, Target, unknown
from mooring.web.messages import Refused

NOT_HERE = 404


class Resolver:
    """Finds the installation that a request names."""

    def __init__(self, directory: Directory, *, hide: Hide) -> None:
        self._directory = directory
        self._hide = hide

    def resolve(self, shared: SharedAddress, address: Address, request: Request) -> Target:
        """Return the account's function, or one that no signature fits. Raises Refused."""
        fault: RequestInvalid | None = None
        account = ""
        for rule in shared.rules:
            try:
                account = account_named(request, rule)
            except RequestInvalid as error:
                fault = fault or error
                continue
            try:
                if is_account(account):
                    return self._directory.of_account(address, account, rule=rule)
            except Refused as refused:
                if refused.response.status != NOT_HERE:
                    raise
        if fault is not None and not account:
            raise Refused(refusal(fault, hide=self._hide))
        if shared.newest.entry.verify is None:
            raise unknown()
        return _stranger(shared.newest, account)


def _stranger(newest: Target, account: str) -> Target:
    """Make up an installation, number 0, that has no secrets: no signature will fit."""
    return replace(newest, installation=replace(newest.installation, install_id=0, account=account))
