"""How does a process that was started with the former master key come by the new one?

Where the key is given from outside, the host cannot change what running processes have. So the new
key is left in the database, sealed under the former one, until the grace period of the rotation
ends: until then either opens the secrets, and from then on the former opens nothing.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from mooring.adapters.columns import to_json
from mooring.adapters.secrets.aes import Cipher, DoesNotOpen
from mooring.adapters.secrets.master_key import MasterKey
from mooring.errors import SecretStoreUnusable

PURPOSE = "mooring master key handover"


@dataclass(frozen=True, slots=True)
class Handover:
    """The new key under the former; ``begun`` and ``until`` are ISO times."""

    former_id: str
    new_id: str
    sealed: str
    begun: str
    until: str

    @classmethod
    def between(
        cls, former: MasterKey, new: MasterKey, *, begun: datetime, until: datetime
    ) -> Handover:
        """Seal the new key."""
        about = _about(former.key_id, new.key_id)
        sealed = Cipher(former.secret).seal(new.secret, about=about)
        text = base64.b64encode(sealed).decode("ascii")
        return cls(former.key_id, new.key_id, text, begun.isoformat(), until.isoformat())

    @classmethod
    def read(cls, text: str) -> Handover:
        """Read what ``text`` was written as."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """What stands in the database."""
        return to_json(asdict(self))

    def opened(self, former: MasterKey) -> MasterKey:
        """Return the new key. Raises SecretStoreUnusable if the handover was changed."""
        try:
            sealed = base64.b64decode(self.sealed, validate=True)
            about = _about(self.former_id, self.new_id)
            secret = Cipher(former.secret).open(sealed, about=about)
        except (DoesNotOpen, ValueError) as error:
            raise SecretStoreUnusable(
                f"The handover from master key {self.former_id} to {self.new_id} does not open: "
                "it was changed.",
                hint=f"Give this process the key {self.new_id} itself.",
            ) from error
        return MasterKey(secret)

    def is_over(self, now: datetime) -> bool:
        """Whether the grace period has ended."""
        return now >= datetime.fromisoformat(self.until)


def _about(former_id: str, new_id: str) -> bytes:
    return to_json([PURPOSE, former_id, new_id]).encode()
