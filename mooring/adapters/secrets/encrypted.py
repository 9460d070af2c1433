"""How are secrets kept where there is no keychain? AES-256-GCM ciphertext in the host's database.

A ``keyring`` backend of our own, made explicitly and never discovered. The address (service, name)
and the key id are associated data: a row that is copied to another address does not open.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, delete, select

from mooring.adapters.columns import to_json
from mooring.adapters.database import Database, insert
from mooring.adapters.secrets.keyring_port import KeyringBackend, PasswordDeleteError
from mooring.adapters.secrets.master_key import MasterKey
from mooring.adapters.tables import sealed_secrets
from mooring.errors import SecretStoreUnusable

NONCE_BYTES = 12


class EncryptedKeyring(KeyringBackend):
    """Secrets in the table ``sealed_secrets`` under one master key."""

    priority = 0.1

    def __init__(self, database: Database, *, key: MasterKey) -> None:
        # Not super().__init__(): it would set attributes from KEYRING_PROPERTY_* variables.
        self._database = database
        self._key = key
        self._cipher = AESGCM(key.secret)

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value, or None. Raises SecretStoreUnusable if the row does not open."""
        query = select(sealed_secrets).where(_is(service, username))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        try:
            address = _address(service, username, row.key_id)
            return self._cipher.decrypt(row.nonce, row.ciphertext, address).decode()
        except InvalidTag as error:
            raise SecretStoreUnusable(
                f"The secret does not open: it was encrypted under key {row.key_id}, or changed.",
                where=f"{service} {username}",
                hint="Set it again, or give back the former master key.",
            ) from error

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the value under a nonce of its own."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        address = _address(service, username, self._key.key_id)
        sealed = {
            "key_id": self._key.key_id,
            "nonce": nonce,
            "ciphertext": self._cipher.encrypt(nonce, password.encode(), address),
        }
        with self._database.write() as connection:
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


def _is(service: str, username: str) -> ColumnElement[bool]:
    here: ColumnElement[bool] = (sealed_secrets.c.service == service) & (
        sealed_secrets.c.username == username
    )
    return here


def _address(service: str, username: str, key_id: str) -> bytes:
    """Join the parts unambiguously."""
    return to_json([service, username, key_id]).encode()
