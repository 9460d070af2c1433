"""How are secrets kept where there is no keychain? AES-256-GCM ciphertext in the host's database.

A ``keyring`` backend of our own, made explicitly and never discovered. The address (service, name)
and the key id are associated data: a row that is copied to another address does not open.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select

from mooring.adapters.columns import to_json
from mooring.adapters.database import Database, insert
from mooring.adapters.secrets.aes import NONCE_BYTES, Cipher, DoesNotOpen
from mooring.adapters.secrets.keyring_port import KeyringBackend, PasswordDeleteError
from mooring.adapters.secrets.master_key import Keys, MasterKey
from mooring.adapters.tables import sealed_secrets
from mooring.errors import SecretStoreUnusable


class EncryptedKeyring(KeyringBackend):
    """Secrets in the table ``sealed_secrets`` under the current one of the master keys."""

    priority = 0.1

    def __init__(self, database: Database, *, keys: Keys) -> None:
        # Not super().__init__(): it would set attributes from KEYRING_PROPERTY_* variables.
        self.keys = keys
        self._database = database

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value, or None. Raises SecretStoreUnusable if the row does not open."""
        query = select(sealed_secrets).where(_is(service, username))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else self.opened(row)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the value under a nonce of its own."""
        with self._database.write() as connection:
            sealed = sealed_under(self.keys.current(), service, username, password)
            row = insert(connection, sealed_secrets)
            row = row.values(service=service, username=username, **sealed)
            connection.execute(
                row.on_conflict_do_update(
                    index_elements=[sealed_secrets.c.service, sealed_secrets.c.username],
                    set_=sealed,
                )
            )

    def delete_password(self, service: str, username: str) -> None:
        """Remove the value. Raises PasswordDeleteError when there is none."""
        with self._database.write() as connection:
            gone = connection.execute(delete(sealed_secrets).where(_is(service, username)))
        if gone.rowcount == 0:
            raise PasswordDeleteError("There is no such secret.")

    def opened(self, row: Row[Any]) -> str:
        """Return what a row holds. Raises SecretStoreUnusable if it does not open."""
        where = f"{row.service} {row.username}"
        key = self.keys.named(row.key_id)
        if key is None:
            raise SecretStoreUnusable(
                f"The secret does not open: it was encrypted under master key {row.key_id}.",
                where=where,
                hint="Set it again, or give back the former master key.",
            )
        try:
            about = _address(row.service, row.username, row.key_id)
            return Cipher(key.secret).open_at(row.nonce, row.ciphertext, about=about).decode()
        except (DoesNotOpen, ValueError) as error:
            raise SecretStoreUnusable(
                "The secret does not open: it was changed, or put here from another place.",
                where=where,
                hint="Set it again, or put the database back from a backup.",
            ) from error


def sealed_under(key: MasterKey, service: str, username: str, password: str) -> dict[str, Any]:
    """Encrypt a value for its address, under a nonce of its own; return the row's columns."""
    address = _address(service, username, key.key_id)
    sealed = Cipher(key.secret).seal(password.encode(), about=address)
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    return {"key_id": key.key_id, "nonce": nonce, "ciphertext": ciphertext}


def _is(service: str, username: str) -> ColumnElement[bool]:
    here: ColumnElement[bool] = (sealed_secrets.c.service == service) & (
        sealed_secrets.c.username == username
    )
    return here


def _address(service: str, username: str, key_id: str) -> bytes:
    """Join the parts unambiguously."""
    return to_json([service, username, key_id]).encode()
