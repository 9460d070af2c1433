"""How does an app keep counters and queues in the fields of a record?

Each call is one transaction. The ``_multi`` forms change all their fields or, when one is unfit,
none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.sdk.calling import awaitable
from mooring.sdk.field_edits import extended, increased, peeked, shifted
from mooring.sdk.ports import KeyValueStore
from mooring.sdk.record_facade import AnyFacade


class FieldFacade(AnyFacade[KeyValueStore]):
    """Numbers and lists in the fields of key-value records."""

    def increment(
        self, key: str, field: str, amount: float = 1, *, ttl: float | None = None
    ) -> float:
        """Add to a number and return the new value; a missing one starts at 0.

        Without ``ttl`` the expiry stays. Raises RecordInvalid when the field is not a number.
        """
        store = self._store("increment")
        return store.edit(key, increased(key, {field: amount}), ttl=ttl)[field]

    def increment_multi(
        self, key: str, amounts: Mapping[str, float], *, ttl: float | None = None
    ) -> dict[str, float]:
        """Add to several numbers at once and return the new values."""
        return self._store("increment_multi").edit(key, increased(key, amounts), ttl=ttl)

    def shift(self, key: str, field: str) -> Any:
        """Take the first element off a list and return it; None when there is none.

        Raises RecordInvalid when the field is not a list.
        """
        taken = self._store("shift").edit(key, shifted(key, {field: 1}))[field]
        return taken[0] if taken else None

    def shift_multi(self, key: str, counts: Mapping[str, int]) -> dict[str, list[Any]]:
        """Take up to so many elements off the front of each list and return them."""
        return self._store("shift_multi").edit(key, shifted(key, counts))

    def peek(self, key: str, field: str) -> Any:
        """Return the first element of a list and leave it there; None when there is none."""
        record = self._store("peek").get(key, [field])
        return next(iter(peeked(key, record, {field: 1})[field]), None)

    def peek_multi(self, key: str, counts: Mapping[str, int]) -> dict[str, list[Any]]:
        """Return up to so many elements from the front of each list and leave them there."""
        return peeked(key, self._store("peek_multi").get(key, list(counts)), counts)

    def append(self, key: str, field: str, value: Any) -> None:
        """Add one element to the end of a list; a missing list is made.

        Raises RecordInvalid when the field is not a list.
        """
        self._store("append").edit(key, extended(key, {field: [value]}, in_front=False))

    def append_multi(self, key: str, values: Mapping[str, Sequence[Any]]) -> None:
        """Add elements, in their order, to the end of each list."""
        self._store("append_multi").edit(key, extended(key, values, in_front=False))

    def unshift(self, key: str, field: str, value: Any) -> None:
        """Put one element at the front of a list; a missing list is made.

        Raises RecordInvalid when the field is not a list.
        """
        self._store("unshift").edit(key, extended(key, {field: [value]}, in_front=True))

    def unshift_multi(self, key: str, values: Mapping[str, Sequence[Any]]) -> None:
        """Put elements, in their order, at the front of each list."""
        self._store("unshift_multi").edit(key, extended(key, values, in_front=True))

    aincrement = awaitable(increment)
    aincrement_multi = awaitable(increment_multi)
    ashift = awaitable(shift)
    ashift_multi = awaitable(shift_multi)
    apeek = awaitable(peek)
    apeek_multi = awaitable(peek_multi)
    aappend = awaitable(append)
    aappend_multi = awaitable(append_multi)
    aunshift = awaitable(unshift)
    aunshift_multi = awaitable(unshift_multi)
