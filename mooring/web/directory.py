"""Which function is behind an address? Known answers are kept until the database says otherwise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import unquote
from uuid import UUID

from mooring.adapters.repositories.installations import ENDPOINTS, INSTALLS
from mooring.engine.failures import OUR_DATABASE
from mooring.engine.problems import problem
from mooring.engine.signatures import profile_of
from mooring.errors import MooringError, NotFound
from mooring.hosting.host import Host
from mooring.model.installation import Installation
from mooring.model.manifest import FunctionEntry, InstallationResolution
from mooring.model.signature import SignatureProfile
from mooring.sdk.webhook import Response
from mooring.web.messages import Refused

FRESH_SECONDS = 0.5  # how long a change by another process may stay unnoticed
MOST_KEPT = 10_000
LONGEST_KEPT = 512  # bytes of a path
FINAL = (404, 410)  # answers that hold until an installation changes


@dataclass(frozen=True, slots=True)
class Address:
    """A path below ``/functions/``, taken apart; ``uuid`` is empty for a global function."""

    app_id: str
    function: str
    uuid: str
    extra: str


@dataclass(frozen=True, slots=True)
class Target:
    """The function that an address means, and whose it is.

    ``shared`` if its address is that of all accounts.
    """

    installation: Installation
    entry: FunctionEntry
    profile: SignatureProfile | None
    shared: bool = False

    @property
    def install_id(self) -> int:
        """The installation on whose behalf it runs; 0 for a global function."""
        return 0 if self.entry.is_global else self.installation.install_id

    @property
    def log_fields(self) -> dict[str, str | int]:
        """What a log line about it carries, under the names that lines of the app carry."""
        return {
            "app_id": self.installation.app_id,
            "account": self.installation.account if self.install_id else "",
            "install_id": self.install_id,
            "entry_point": f"function:{self.entry.name}",
        }


@dataclass(frozen=True, slots=True)
class SharedAddress:
    """One address of a function for all accounts: each request names the account it is for.

    ``rules`` say where, the newest version's first; ``newest`` is that version's function.
    """

    rules: tuple[InstallationResolution, ...]
    newest: Target


Found: TypeAlias = Target | SharedAddress
Key: TypeAlias = tuple[str, str, str, InstallationResolution | None]


def address_of(raw_path: bytes) -> Address | None:
    """Take apart ``/functions/{app_id}/{function}/{uuid}/…``; None for any other path.

    A slash that is encoded parts nothing: it belongs to the name that it stands in.
    """
    return _kept_parts(raw_path) if len(raw_path) <= LONGEST_KEPT else _parts(raw_path)


def _parts(raw_path: bytes) -> Address | None:
    parts = raw_path.decode("ascii", "replace").split("/", 5)
    if len(parts) < 4 or parts[0] or unquote(parts[1]) != "functions" or not all(parts[2:4]):
        return None
    uuid = _uuid(unquote(parts[4])) if len(parts) > 4 else ""
    extra = "".join(f"/{part}" for part in parts[5 if uuid else 4 :])
    return Address(unquote(parts[2]), unquote(parts[3]), uuid, unquote(extra))


_kept_parts = lru_cache(maxsize=4096)(_parts)  # the same few, again and again


class Directory:
    """The functions of one host by their addresses.

    What there is not is kept like what there is, so that neither takes longer to say.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._kept: dict[Key, Found] = {}
        self._refused: dict[Key, Response] = {}
        self._marks: tuple[int, ...] = ()
        self._looked_at = float("-inf")
        self._will_look = False
        self._turn = threading.Lock()

    def remembered(self, address: Address) -> Found | None:
        """Return what is known and fresh, without waiting for anything."""
        return self._kept.get(_key(address)) if self._fresh() else None

    def wants_a_look(self) -> bool:
        """Whether somebody should ``look``, before what is known is too old for all at once."""
        age = time.monotonic() - self._looked_at
        if self._will_look or not FRESH_SECONDS / 2 <= age < FRESH_SECONDS:
            return False
        self._will_look = True
        return True

    def look(self) -> None:
        """See whether anything changed; reads the database."""
        try:
            with self._turn:
                self._look()
        finally:
            self._will_look = False

    def find(self, address: Address) -> Found:
        """Return what is there; may read the database. Raises Refused."""
        return self._known(_key(address), lambda: self._look_up(address))

    def of_account(self, address: Address, account: str, *, rule: InstallationResolution) -> Target:
        """Return an account's function at the address of all accounts. Raises Refused."""
        key = (address.app_id, address.function, account, rule)
        found = self._known(key, lambda: self._look_up_account(address, account, rule))
        assert isinstance(found, Target), "an account has a function, not an address"
        return found

    def _known(self, key: Key, look_up: Callable[[], Found]) -> Found:
        with self._turn:
            self._notice_changes()
            if key in self._refused:
                raise Refused(self._refused[key])
            if key not in self._kept:
                try:
                    self._kept[key] = look_up()
                except Refused as refused:
                    if refused.response.status in FINAL:
                        self._refused[key] = refused.response
                    raise
            return self._kept[key]

    def _fresh(self) -> bool:
        return time.monotonic() - self._looked_at < FRESH_SECONDS

    def _notice_changes(self) -> None:
        # What strangers ask for must not drive out what is there.
        if len(self._refused) > MOST_KEPT:
            self._refused.clear()
        if not self._fresh():
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        marks = tuple(self._host.database.revision(topic) for topic in (ENDPOINTS, INSTALLS))
        if marks != self._marks or len(self._kept) > MOST_KEPT:
            self._kept.clear()
            self._refused.clear()
        self._marks, self._looked_at = marks, now

    def _look_up(self, address: Address) -> Found:
        if not address.uuid:
            return self._without_uuid(address)
        found = self._host.installations.endpoint(address.uuid)
        if found is None or (found.app_id, found.function) != (address.app_id, address.function):
            raise unknown()
        if found.removed_at is not None:
            said = f"{found.app_id} is no longer installed at this address."
            raise Refused(problem(410, "gone", said, hint="Stop sending to it."))
        try:
            target = self._target(self._host.installations.get(found.install_id), address)
        except NotFound:
            raise unknown() from None
        if target.entry.is_global or target.shared:
            raise unknown()
        return target

    def _without_uuid(self, address: Address) -> Found:
        """Find a function that has one address for all: a global one, or one of accounts."""
        living = [i for i in self._host.installations.all() if i.app_id == address.app_id]
        if not living:
            raise unknown()
        newest = self._host.versions.for_everybody(address.app_id)
        # Where nobody has it, or none can be used, the newest says what is the matter.
        targets = list(self._usable([newest, *living], address)) or [self._target(newest, address)]
        first = targets[0]
        if first.entry.is_global and first.installation.install_id == newest.install_id:
            return first
        shared = [target for target in targets if target.shared]
        if not shared:
            raise unknown()
        rules = dict.fromkeys(rule for t in shared if (rule := t.entry.resolved_by))
        return SharedAddress(tuple(rules), shared[0])

    def _usable(self, living: Iterable[Installation], address: Address) -> Iterator[Target]:
        """Yield the function of every installation that can be used: one must not stop others."""
        for installation in living:
            with suppress(Refused):
                yield self._target(installation, address)

    def _look_up_account(
        self, address: Address, account: str, rule: InstallationResolution
    ) -> Target:
        installation = self._host.installations.find(address.app_id, account)
        if installation is None:
            raise unknown()
        target = self._target(installation, address)
        if target.entry.resolved_by != rule:
            raise unknown()
        return target

    def _target(self, installation: Installation, address: Address) -> Target:
        """Read an installation's manifest. Raises Refused without such a function, or an app."""
        try:
            installation = self._host.versions.with_function(installation, address.function)
            functions = self._host.definition(installation).manifest.functions
            entry = functions.get(address.function)
            if entry is None or not entry.has_address:
                raise unknown()
            profile = None
            if entry.verify is not None:
                profile = profile_of(entry.verify, self._host.signature_profiles)
        except OUR_DATABASE:
            raise
        except MooringError as error:
            raise self._unusable(address, error) from error
        return Target(installation, entry, profile, shared=entry.resolved_by is not None)

    def _unusable(self, address: Address, error: MooringError) -> Refused:
        fields = {"app_id": address.app_id, "entry_point": f"function:{address.function}"}
        self._host.log.log("error", "app.unusable", {**fields, "error": str(error)})
        said = "The app behind this address cannot be used at present."
        return Refused(problem(503, error.code, said, headers={"retry-after": "30"}))


def unknown() -> Refused:
    """Say that there is nothing, in the same words whatever it is that there is not."""
    said = "There is no function at this address."
    hint = "`mooring functions APP_ID` shows the addresses of an app."
    return Refused(problem(404, "not_found", said, hint=hint))


def _uuid(text: str) -> str:
    """Return the usual spelling of a UUID, empty if it is none."""
    if len(text) != 36:
        return ""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _key(address: Address) -> Key:
    return address.app_id, address.function, address.uuid, None
