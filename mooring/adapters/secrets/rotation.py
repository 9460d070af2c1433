"""How do all secrets come under a new master key while everybody goes on reading and writing them?

First the new key is put where every process finds it: beside the former one in the home's key file,
or, sealed, in the database (``handover``). Then the database notes that it is the current one, and
from that moment whatever is written is under it. Then what is under another is encrypted anew,
some rows at a time; last, the former key goes. Killed at any moment, every secret opens, and the
next rotation goes on where this one was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mooring.adapters.database import Database, bump
from mooring.adapters.home_lock import HomeLock
from mooring.adapters.secrets.encrypted import EncryptedKeyring
from mooring.adapters.secrets.handover import Handover
from mooring.adapters.secrets.key_ring import HANDOVER, KEY_ID, ROTATED_AT, KeyRing
from mooring.adapters.secrets.key_source import KeySource
from mooring.adapters.secrets.master_key import MAKE_ONE, MasterKey
from mooring.adapters.secrets.renewal import Progress, Renewal
from mooring.adapters.secrets.vault import SECRETS
from mooring.errors import ConfigurationInvalid, Conflict

GRACE = timedelta(hours=24)
SHORTEST = timedelta(minutes=1)  # for a rotation without one, which ends it itself
NOTICE = timedelta(seconds=3)  # within it, running processes have looked for the new key


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did; ``until`` is when the former key ends to open the secrets."""

    key_id: str
    former_id: str
    secrets: int
    resumed: bool
    until: datetime | None
    unreadable: tuple[str, ...]


class Rotation:
    """Brings one home's secrets under a new master key."""

    def __init__(self, store: EncryptedKeyring, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._database: Database = ring.database
        self._source: KeySource = ring.source

    @property
    def key_is_given(self) -> bool:
        """Whether the key comes from outside, so that the new one has to as well."""
        return not self._source.own

    @property
    def place(self) -> str:
        """Where the key is given: a variable, or a file."""
        return self._source.place

    def run(
        self,
        new_key: MasterKey | None = None,
        *,
        grace: timedelta = GRACE,
        progress: Progress = lambda done, total: None,
    ) -> Rotated:
        """Rotate, or go on with a rotation that was interrupted.

        Raises ConfigurationInvalid without the new key where it must be given, and Conflict when
        another rotation is under way or in its grace period.
        """
        if self.key_is_given:
            return self._run_given(new_key, grace, progress)
        with self._alone():
            return self._run_own(new_key, progress)

    def end_grace(self) -> str:
        """Let the former key open nothing any more; return its id. Raises Conflict if it does not.

        Running processes get the time that they need to notice the new key.
        """
        handover = self._ring.handover(even_if_over=True)
        if handover is None:
            raise Conflict(
                "No rotation is in its grace period; only the current master key opens secrets.",
                hint="`mooring doctor` shows its id.",
            )
        self._encrypt_anew(self._ring.current(), lambda done, total: None)
        since = self._ring.clock.now() - datetime.fromisoformat(handover.begun)
        if since < NOTICE:
            self._ring.clock.sleep((NOTICE - since).total_seconds())
        self._ring.forget_handover()
        return handover.former_id

    def require_new_key(self) -> None:
        """Refuse to lock out the very machine that asks for it. Raises Conflict."""
        current = self._ring.current().key_id
        if current not in (key.key_id for key in self._ring.given()):
            raise Conflict(
                "Here the former key is still given, which would open nothing any more.",
                hint=f"Put the new one ({current}) in its place on every machine "
                f"({self._ring.source.place}), then repeat this.",
            )

    # --- With a key file of the home's own -----------------------------------------------------

    def _run_own(self, given: MasterKey | None, progress: Progress) -> Rotated:
        current = self._ring.current()
        new, former = self._begun(current) or (given or MasterKey.make(), current)
        resumed = new in self._ring.given()
        _refuse_same(new, former)
        self._source.write(new, former)
        self._ring.adopt(new)
        self._make_current(new)
        anew, unreadable = self._encrypt_anew(new, progress)
        self._source.write(new)
        self._database.empty_journal()
        return Rotated(new.key_id, former.key_id, anew, resumed, None, unreadable)

    def _begun(self, current: MasterKey) -> tuple[MasterKey, MasterKey] | None:
        """Return the new and the former key of a rotation that was interrupted."""
        keys = self._ring.given()
        if len(keys) < 2 or current not in keys[:2]:
            return None
        return keys[0], keys[1]

    # --- With a key from outside ---------------------------------------------------------------

    def _run_given(self, new: MasterKey | None, grace: timedelta, progress: Progress) -> Rotated:
        current = self._ring.current()
        if new is None:
            raise ConfigurationInvalid(
                "The master key of this home is given from outside, so the new one has to be too.",
                where=self._source.place,
                hint=f"{MAKE_ONE} > new.key; then: mooring secrets rotate --new-key-file new.key",
            )
        handover = self._ring.handover()
        resumed = handover is not None and handover.new_id == new.key_id
        if handover is None or not resumed:
            self._refuse_second(handover)
            _refuse_same(new, current)
            handover = self._hand_over(current, new, grace)
        anew, unreadable = self._encrypt_anew(new, progress)
        self._database.empty_journal()
        until = None if not grace else datetime.fromisoformat(handover.until)
        if not grace:
            self.end_grace()
        return Rotated(new.key_id, handover.former_id, anew, resumed, until, unreadable)

    def _hand_over(self, former: MasterKey, new: MasterKey, grace: timedelta) -> Handover:
        now = self._ring.clock.now()
        handover = Handover.between(former, new, begun=now, until=now + max(grace, SHORTEST))
        self._ring.adopt(new)
        with self._database.write():
            # Of two who rotate at once, one waits here and then finds another current key.
            self._make_current(new, instead_of=former)
            self._database.record(HANDOVER, handover.text)
        return handover

    def _refuse_second(self, handover: Handover | None) -> None:
        if handover is not None:
            raise Conflict(
                f"The rotation to key {handover.new_id} is in its grace period, until "
                f"{handover.until[:16].replace('T', ' ')} UTC.",
                hint="Give every process that key, then: mooring secrets rotate --finish",
            )

    # --- Both ----------------------------------------------------------------------------------

    def _encrypt_anew(self, key: MasterKey, progress: Progress) -> tuple[int, tuple[str, ...]]:
        renewal = Renewal(self._store, self._database, key=key)
        return renewal.run(progress), renewal.unreadable

    def _make_current(self, new: MasterKey, *, instead_of: MasterKey | None = None) -> None:
        with self._database.write() as connection:
            # First what whoever writes a secret takes first, or two could wait for each other.
            bump(connection, SECRETS)
            if self._database.recorded(KEY_ID) == new.key_id:
                return
            if instead_of is not None and self._database.recorded(KEY_ID) != instead_of.key_id:
                raise Conflict(
                    "Somebody else is rotating the master key just now.",
                    hint="`mooring doctor` shows what became of it.",
                )
            self._database.record(KEY_ID, new.key_id)
            self._database.record(ROTATED_AT, self._ring.clock.now().isoformat())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a second rotation out, which would make a key of its own."""
        lock = HomeLock(Path(f"{self._source.place}.lock"))
        if not lock.acquire():
            raise Conflict(
                "Somebody else is rotating the master key just now.",
                where=self._source.place,
                hint="`mooring doctor` shows what became of it.",
            )
        try:
            yield
        finally:
            lock.release()


def _refuse_same(new: MasterKey, former: MasterKey) -> None:
    if new == former:
        raise Conflict(
            f"The new master key is the present one ({new.key_id}).", hint=f"{MAKE_ONE}."
        )
