"""In which store does this home keep its secrets, and how are they reached there?

The store is chosen once and recorded in the database; a process that cannot open it stops and
never falls back to another. The OS keychain cannot list what it holds, so an index of names is kept
beside it; with the encrypted store, name and value change in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, or_, select

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database, bump, hold, insert
from mooring.adapters.masking import Masker
from mooring.adapters.tables import secret_names
from mooring.errors import ConfigurationInvalid, SecretStoreUnusable
from mooring.model.config import HostConfig
from mooring.sdk.ports import Clock

if TYPE_CHECKING:
    from mooring.adapters.secrets.keyring_port import KeyringBackend
    from mooring.adapters.secrets.master_key import Keys
    from mooring.adapters.secrets.rotation import Rotation

STORE = "secrets.store"
WHY = "secrets.store_why"
HOME_ID = "home.id"
CHECK = "check"
SECRETS = "secrets"


def open_vault(
    config: HostConfig,
    database: Database,
    *,
    masker: Masker,
    offer: Callable[[str], Any],
    clock: Clock | None = None,
) -> Vault:
    """Open the store that this home recorded, choosing it on first use.

    ``offer(kind)`` gives the backend of a kind, or None. Raises SecretStoreUnusable.
    """
    home_id = database.recorded(HOME_ID) or database.record_once(HOME_ID, uuid4().hex)
    recorded = database.recorded(STORE)
    kind, why = (recorded, "") if recorded else _choose(config, database, offer)
    _refuse_another(config, kind)
    backend = _opened(kind, offer)
    vault = Vault(backend, database, kind=kind, home_id=home_id, masker=masker, clock=clock)
    if not recorded:
        vault.mark()
        if database.record_once(STORE, kind) != kind:
            return open_vault(config, database, masker=masker, offer=offer, clock=clock)
        database.record_once(WHY, why)
    vault.check()
    vault.learn_keys()
    return vault


class Vault:
    """Secret values by owner and name (engine.ports.SecretVault)."""

    def __init__(
        self,
        backend: KeyringBackend,
        database: Database,
        *,
        kind: str,
        home_id: str,
        masker: Masker,
        clock: Clock | None = None,
    ) -> None:
        self.kind = kind
        self._backend = backend
        self._database = database
        self._prefix = f"mooring/{home_id}"
        self._masker = masker
        self._clock = clock or SystemClock()
        self._learned: dict[tuple[str, str], datetime] = {}

    def get(self, owner: str, name: str) -> str | None:
        """Return the value, or None."""
        held = self.held(owner, name)
        return None if held is None else held[0]

    def held(self, owner: str, name: str) -> tuple[str, datetime | None] | None:
        """Return the value and when it expires; None if it is not there, or no longer."""
        with self._database.read() as connection:
            query = select(secret_names.c.expires_at).where(_is(owner, name))
            row = connection.execute(query).one_or_none()
        if row is None or (row.expires_at and row.expires_at <= self._clock.now()):
            return None
        with _explained(self.kind):
            value = self._backend.get_password(self._service(owner), name)
        if value is None:
            return None
        self._masker.learn(value)
        return value, row.expires_at

    def set(
        self,
        owner: str,
        name: str,
        value: str,
        *,
        expires_at: datetime | None = None,
        changed_at: datetime | None = None,
    ) -> None:
        """Store a value; one that is put back was ``changed_at`` another time than now."""
        self._masker.learn(value)
        with self._database.write():
            self._note(owner, name, expires_at, changed_at or self._clock.now())
            with _explained(self.kind):
                self._backend.set_password(self._service(owner), name, value)

    def delete(self, owner: str, name: str) -> bool:
        """Remove a value; say whether it was there."""
        with self._database.write() as connection:
            there = self._removed(owner, name)
            if connection.execute(delete(secret_names).where(_is(owner, name))).rowcount:
                bump(connection, SECRETS)
        return there

    def names(self, owner: str) -> list[tuple[str, datetime]]:
        """Return names and the time of their last change, never values."""
        query = select(secret_names.c.name, secret_names.c.changed_at)
        lasting = or_(
            secret_names.c.expires_at.is_(None), secret_names.c.expires_at > self._clock.now()
        )
        query = query.where(secret_names.c.owner == owner, lasting).order_by(secret_names.c.name)
        with self._database.read() as connection:
            return [(row.name, row.changed_at) for row in connection.execute(query)]

    def delete_all(self, owner: str) -> int:
        """Remove everything of an owner; return how many values there were."""
        query = select(secret_names.c.name).where(secret_names.c.owner == owner)
        with self._database.read() as connection:
            names = connection.scalars(query).all()
        return sum(self.delete(owner, name) for name in names)

    @contextmanager
    def exclusive(self, owner: str, name: str) -> Iterator[None]:
        """Let nobody else change this value meanwhile; what is done inside is stored together."""
        with self._database.write() as connection:
            hold(connection, f"{SECRETS}/{owner}", name)
            yield

    def made_once(self, owner: str, name: str, *, make: Callable[[], str]) -> str:
        """Return a value that the host makes for itself: on first use, and for every process."""
        if found := self.get(owner, name):
            return found
        with self.exclusive(owner, name):
            # Another process may have been here first.
            if found := self.get(owner, name):
                return found
            made = make()
            self.set(owner, name, made)
            return made

    def moment_after(self, seconds: float) -> datetime:
        """Return when something expires that lives for ``seconds`` from now."""
        return self._clock.now() + timedelta(seconds=seconds)

    def learn_all(self) -> None:
        """Let the masker know every value, also what other processes have set since the last time.

        A master key that was rotated meanwhile is known afterwards too.
        """
        query = select(secret_names.c.owner, secret_names.c.name, secret_names.c.changed_at)
        with self._database.read() as connection:
            changes = {(row.owner, row.name): row.changed_at for row in connection.execute(query)}
        for (owner, name), changed_at in changes.items():
            if self._learned.get((owner, name)) != changed_at:
                self.get(owner, name)
        self._learned = changes
        self.learn_keys()

    def learn_keys(self) -> None:
        """Let the masker know the master keys; a rotation is noticed with that."""
        if self.keys is not None:
            self.keys.current()
            for key in self.keys.known():
                for text in key.spellings:
                    self._masker.learn(text)

    @property
    def why(self) -> str:
        """Why this store was chosen when the home was made; empty where nobody noted it."""
        return self._database.recorded(WHY) or ""

    @property
    def keys(self) -> Keys | None:
        """The master keys, where the store is the encrypted one."""
        keys: Keys | None = getattr(self._backend, "keys", None)
        return keys

    def end_grace(self) -> bool:
        """End what a rotation has left open for the former key, if its time is over."""
        from mooring.adapters.secrets.key_ring import KeyRing

        keys = self.keys
        return isinstance(keys, KeyRing) and keys.end_grace()

    def rotation(self) -> Rotation:
        """Return what brings the secrets under a new master key.

        Raises ConfigurationInvalid for a store that has none.
        """
        from mooring.adapters.secrets.encrypted import EncryptedKeyring
        from mooring.adapters.secrets.key_ring import KeyRing
        from mooring.adapters.secrets.rotation import Rotation

        keys = self.keys
        if not (isinstance(self._backend, EncryptedKeyring) and isinstance(keys, KeyRing)):
            raise ConfigurationInvalid(
                f"This home keeps its secrets in the store {self.kind}, which has no master key.",
                hint="The OS keychain encrypts them itself, under the user's login; set each "
                "secret again to renew it.",
            )
        return Rotation(self._backend, keys)

    def mark(self) -> None:
        """Leave this home's mark in a keychain, by which ``check`` recognises it."""
        if self.kind == "keyring":
            with _explained(self.kind):
                self._backend.set_password(self._prefix, CHECK, self._prefix)

    def check(self) -> None:
        """Raise SecretStoreUnusable if this is the keychain of another user or machine."""
        if self.kind != "keyring":
            return
        with _explained(self.kind):
            mark = self._backend.get_password(self._prefix, CHECK)
        if mark != self._prefix:
            raise SecretStoreUnusable(
                "The OS keychain does not hold the secrets of this home.",
                hint="Run as the user and on the machine that made the home.",
            )

    def _service(self, owner: str) -> str:
        return f"{self._prefix}/{owner}"

    def _note(
        self, owner: str, name: str, expires_at: datetime | None, changed_at: datetime
    ) -> None:
        values = {"changed_at": changed_at, "expires_at": expires_at}
        with self._database.write() as connection:
            row = insert(connection, secret_names).values(owner=owner, name=name, **values)
            connection.execute(
                row.on_conflict_do_update(
                    index_elements=[secret_names.c.owner, secret_names.c.name],
                    set_=values,
                )
            )
            bump(connection, SECRETS)

    def _removed(self, owner: str, name: str) -> bool:
        """Remove the value; an OS keychain says "cannot delete" also of what is not there."""
        from mooring.adapters.secrets.keyring_port import PasswordDeleteError

        with _explained(self.kind):
            try:
                self._backend.delete_password(self._service(owner), name)
            except PasswordDeleteError:
                if self._backend.get_password(self._service(owner), name) is not None:
                    raise
                return False
        return True


def _is(owner: str, name: str) -> ColumnElement[bool]:
    here: ColumnElement[bool] = (secret_names.c.owner == owner) & (secret_names.c.name == name)
    return here


def _choose(config: HostConfig, database: Database, offer: Callable[[str], Any]) -> tuple[str, str]:
    """Take the OS keychain for a person at a terminal of one machine, if it works there.

    Return the store, and why it is that one.
    """
    if config.secrets == "keyring" and database.is_postgresql:
        raise SecretStoreUnusable(
            "An OS keychain belongs to one machine, and a PostgreSQL database to several.",
            where="MOORING_SECRETS",
            hint="Set it to encrypted.",
        )
    if config.secrets != "auto":
        return config.secrets, "MOORING_SECRETS said so"
    if database.is_postgresql:
        return "encrypted", "several machines can share a PostgreSQL database"
    if not config.interactive:
        return "encrypted", "nobody was at a terminal to unlock a keychain"
    if _keychain_works(offer):
        return "keyring", "a person was at the terminal, and the OS keychain worked"
    return "encrypted", "this system had no OS keychain that worked"


def _keychain_works(offer: Callable[[str], Any]) -> bool:
    from mooring.adapters.secrets.keyring_port import keeps_what_it_is_given

    try:
        return keeps_what_it_is_given(_opened("keyring", offer))
    except Exception:  # noqa: BLE001  # desktops fail in many ways; each means: not this one
        return False


def _opened(kind: str, offer: Callable[[str], Any]) -> KeyringBackend:
    backend: KeyringBackend | None = offer(kind)
    if backend is None:
        raise SecretStoreUnusable(
            f"Nothing here offers the secret store {kind}, in which this home keeps its secrets.",
            hint="Install the plugin that offers it, and start without --safe-mode.",
        )
    return backend


def _refuse_another(config: HostConfig, kind: str) -> None:
    if config.secrets not in ("auto", kind):
        raise SecretStoreUnusable(
            f"This home keeps its secrets in the store {kind}, not in {config.secrets}.",
            where="MOORING_SECRETS",
            hint=f"Unset it or set it to {kind}; the choice is made once, with the home.",
        )


@contextmanager
def _explained(kind: str) -> Iterator[None]:
    """Turn what a backend raises into the host's own error, which names no value."""
    from mooring.adapters.secrets.keyring_port import KeyringError

    try:
        yield
    except KeyringError as error:
        raise SecretStoreUnusable(
            f"The secret store {kind} refuses: {type(error).__name__}.",
            hint="Unlock the keychain of the user who made this home, then try again.",
        ) from error
