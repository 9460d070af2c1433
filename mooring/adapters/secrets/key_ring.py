"""Which master keys does this process have, and which of them encrypts now?

The database notes the id of the current key. A process that meets another id than it knows looks
again where its key comes from, and for a handover: so a rotation is in force in it at once.
"""

from __future__ import annotations

import threading
from datetime import datetime

from sqlalchemy import select

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database
from mooring.adapters.secrets.handover import Handover
from mooring.adapters.secrets.key_source import FORMER_ONE, KeySource, source_of
from mooring.adapters.secrets.master_key import MasterKey
from mooring.adapters.tables import meta
from mooring.errors import SecretStoreUnusable
from mooring.model.config import HostConfig
from mooring.sdk.ports import Clock

KEY_ID = "secrets.key_id"
ROTATED_AT = "secrets.rotated_at"
HANDOVER = "secrets.handover"


class KeyRing:
    """The master keys of one home, as far as this process can have them."""

    def __init__(self, source: KeySource, database: Database, *, clock: Clock) -> None:
        self.source = source
        self.database = database
        self.clock = clock
        self._known: dict[str, MasterKey] = {}
        self._looking = threading.Lock()

    @classmethod
    def open(cls, config: HostConfig, database: Database, *, clock: Clock | None = None) -> KeyRing:
        """Find this home's key, making it on first use.

        Raises SecretStoreUnusable when it is missing, malformed or not the one used before.
        """
        source = source_of(config, several_machines=database.is_postgresql)
        ring = cls(source, database, clock=clock or SystemClock())
        recorded = database.recorded(KEY_ID)
        given = source.read(first_use=recorded is None)
        ring._known = {key.key_id: key for key in given}
        if recorded is None:
            database.record_once(KEY_ID, given[0].key_id)
        ring.current()
        return ring

    def current(self) -> MasterKey:
        """Return the key to encrypt with; inside a write it stays that until the write ends.

        Raises SecretStoreUnusable when this process cannot have it.
        """
        query = select(meta.c.value).where(meta.c.key == KEY_ID).with_for_update(read=True)
        with self.database.read() as connection:
            key_id = str(connection.scalar(query))
        if key := self.named(key_id):
            return key
        raise self._not_the_key(key_id)

    def named(self, key_id: str) -> MasterKey | None:
        """Return the key of this id, or None if this process cannot have it."""
        if key_id not in self._known:
            self._look_for(key_id)
        return self._known.get(key_id)

    def adopt(self, key: MasterKey) -> None:
        """Know one more key, which is to become the current one."""
        self._known = {**self._known, key.key_id: key}

    def known(self) -> tuple[MasterKey, ...]:
        """Return the keys that this process has."""
        return tuple(self._known.values())

    def given(self) -> tuple[MasterKey, ...]:
        """Return the keys that stand where this process has its own from, as of now."""
        return self.source.read()

    def handover(self, *, even_if_over: bool = False) -> Handover | None:
        """Return the handover of a rotation whose grace period lasts, or was not ended yet."""
        text = self.database.recorded(HANDOVER)
        found = None if text is None else Handover.read(text)
        over = found is not None and found.is_over(self.clock.now())
        return None if over and not even_if_over else found

    def forget_handover(self) -> None:
        """Let the former key open nothing any more."""
        with self.database.overwriting():
            self.database.forget(HANDOVER)
        self.database.empty_journal()

    def end_grace(self) -> bool:
        """Forget a handover whose time is over; say whether there was one."""
        found = self.handover(even_if_over=True)
        if found is None or not found.is_over(self.clock.now()):
            return False
        self.forget_handover()
        return True

    def rotated_at(self) -> datetime | None:
        """Return when the current key came into force; None for a home's first."""
        text = self.database.recorded(ROTATED_AT)
        return None if text is None else datetime.fromisoformat(text)

    def _look_for(self, key_id: str) -> None:
        """Look in a handover and where the key is given; what is known stays known.

        A slower process may still be writing under the former key.
        """
        with self._looking:
            known = dict(self._known)
            handover = self.handover()
            if handover and handover.former_id in known:
                known[handover.new_id] = handover.opened(known[handover.former_id])
            if key_id not in known:
                known.update({key.key_id: key for key in self.given()})
            self._known = known

    def _not_the_key(self, needed: str) -> SecretStoreUnusable:
        rotated = self.rotated_at()
        since = f" since {rotated:%Y-%m-%d %H:%M} UTC" if rotated else ""
        return SecretStoreUnusable(
            "This is not the master key that the secrets are encrypted with "
            f"(it is {', '.join(self._known)}, they need {needed}{since}).",
            where=self.source.place,
            hint="The key was rotated; give this process the new one." if rotated else FORMER_ONE,
        )
