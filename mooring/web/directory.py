"""Which function is behind an address? Known answers are kept until the database says otherwise."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from uuid import UUID

from mooring.adapters.repositories.installations import ENDPOINTS, INSTALLS
from mooring.engine.problems import problem
from mooring.engine.signatures import profile_of
from mooring.errors import MooringError, NotFound
from mooring.host import Host
from mooring.model.installation import Installation
from mooring.model.manifest import FunctionEntry
from mooring.model.signature import SignatureProfile
from mooring.web.messages import Refused

FRESH_SECONDS = 0.5  # how long a change by another process may stay unnoticed
MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Address:
    """A path below ``/functions/``, taken apart; ``uuid`` is empty for a global function."""

    app_id: str
    function: str
    uuid: str
    extra: str


@dataclass(frozen=True, slots=True)
class Target:
    """The function that an address means, and whose it is."""

    installation: Installation
    entry: FunctionEntry
    profile: SignatureProfile | None

    @property
    def install_id(self) -> int:
        """The installation on whose behalf it runs; 0 for a global function."""
        return 0 if self.entry.is_global else self.installation.install_id

    @property
    def log_fields(self) -> dict[str, str | int]:
        """What a log line about it carries, under the names that lines of the app carry."""
        return {
            "app_id": self.installation.app_id,
            "account": "" if self.entry.is_global else self.installation.account,
            "install_id": self.install_id,
            "entry_point": f"function:{self.entry.name}",
        }


def address_of(path: str) -> Address | None:
    """Take apart ``/functions/{app_id}/{function}/{uuid}/…``; None for any other path."""
    parts = path.split("/", 5)
    if len(parts) < 4 or parts[:2] != ["", "functions"] or not all(parts[2:4]):
        return None
    app_id, function = parts[2:4]
    uuid = _uuid(parts[4]) if len(parts) > 4 else ""
    start = len("/functions/") + len(app_id) + 1 + len(function)
    if uuid:
        start += 1 + len(parts[4])
    return Address(app_id, function, uuid, path[start:])


class Directory:
    """The functions of one host by their addresses."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._kept: dict[tuple[str, str, str], Target] = {}
        self._marks: tuple[int, ...] = ()
        self._looked_at = float("-inf")
        self._turn = threading.Lock()

    def remembered(self, address: Address) -> Target | None:
        """Return what is known and fresh, without waiting for anything."""
        return self._kept.get(_key(address)) if self._fresh() else None

    def find(self, address: Address) -> Target:
        """Return the function; may read the database. Raises Refused."""
        with self._turn:
            self._notice_changes()
            target = self._kept.get(_key(address))
            if target is None:
                target = self._look_up(address)
                self._kept[_key(address)] = target
            return target

    def _fresh(self) -> bool:
        return time.monotonic() - self._looked_at < FRESH_SECONDS

    def _notice_changes(self) -> None:
        if self._fresh():
            return
        now = time.monotonic()
        marks = tuple(self._host.database.revision(topic) for topic in (ENDPOINTS, INSTALLS))
        if marks != self._marks or len(self._kept) > MOST_KEPT:
            self._kept.clear()
        self._marks, self._looked_at = marks, now

    def _look_up(self, address: Address) -> Target:
        try:
            installation = self._installation(address)
        except NotFound:
            raise _unknown() from None
        try:
            functions = self._host.definition(installation).manifest.functions
            entry = functions.get(address.function)
            if entry is None or entry.is_global != (not address.uuid):
                raise _unknown()
            profile = None
            if entry.verify is not None:
                profile = profile_of(entry.verify, self._host.signature_profiles)
        except MooringError as error:
            raise self._unusable(address, error) from error
        return Target(installation, entry, profile)

    def _installation(self, address: Address) -> Installation:
        if not address.uuid:
            return self._host.global_installation(address.app_id)
        found = self._host.installations.endpoint(address.uuid)
        if found is None or (found.app_id, found.function) != (address.app_id, address.function):
            raise NotFound()
        if found.removed_at is not None:
            said = f"{found.app_id} is no longer installed at this address."
            raise Refused(problem(410, "gone", said, hint="Stop sending to it."))
        return self._host.installations.get(found.install_id)

    def _unusable(self, address: Address, error: MooringError) -> Refused:
        fields = {"app_id": address.app_id, "entry_point": f"function:{address.function}"}
        self._host.log.log("error", "app.unusable", {**fields, "error": str(error)})
        said = "The app behind this address cannot be used at present."
        return Refused(problem(503, error.code, said, headers={"retry-after": "30"}))


def _uuid(text: str) -> str:
    """Return the usual spelling of a UUID, empty if it is none."""
    if len(text) != 36:
        return ""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _key(address: Address) -> tuple[str, str, str]:
    return address.app_id, address.function, address.uuid


def _unknown() -> Refused:
    said = "There is no function at this address."
    hint = "`mooring functions APP_ID` shows the addresses of an app."
    return Refused(problem(404, "not_found", said, hint=hint))
