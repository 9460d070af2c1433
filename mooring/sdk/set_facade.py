"""How does an app keep sets of numbers and of texts in the fields of a record?

The first write makes a field a set of numbers or a set of texts; it stays one, even when empty.
Each call is one transaction. The ``_multi`` forms change all their fields or, when one is unfit,
none; they answer with the elements that were newly added, removed or found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mooring.sdk.calling import awaitable
from mooring.sdk.field_edits import collected, contained, discarded
from mooring.sdk.ports import KeyValueStore
from mooring.sdk.record_facade import AnyFacade
from mooring.sdk.sets import NumberSet, SetOf, StringSet

Numbers = Mapping[str, Collection[float]]
Strings = Mapping[str, Collection[str]]


class SetFacade(AnyFacade[KeyValueStore]):
    """Sets in the fields of key-value records; RecordInvalid for a field that is something else."""

    def add_number(self, key: str, field: str, value: float) -> bool:
        """Put a number into a set, which is made if need be; say whether it was not in."""
        return bool(self._add("add_number", key, NumberSet, {field: [value]})[field])

    def add_number_multi(self, key: str, values: Numbers) -> dict[str, NumberSet]:
        """Put numbers into several sets; return those that were not in."""
        return self._add("add_number_multi", key, NumberSet, values)

    def remove_number(self, key: str, field: str, value: float) -> bool:
        """Take a number out of a set; say whether it was in."""
        return bool(self._remove("remove_number", key, NumberSet, {field: [value]})[field])

    def remove_number_multi(self, key: str, values: Numbers) -> dict[str, NumberSet]:
        """Take numbers out of several sets; return those that were in."""
        return self._remove("remove_number_multi", key, NumberSet, values)

    def has_number(self, key: str, field: str, value: float) -> bool:
        """Say whether a number is in a set."""
        return bool(self._has("has_number", key, NumberSet, {field: [value]})[field])

    def has_number_multi(self, key: str, values: Numbers) -> dict[str, NumberSet]:
        """Return those of the numbers that are in the sets."""
        return self._has("has_number_multi", key, NumberSet, values)

    def add_string(self, key: str, field: str, value: str) -> bool:
        """Put a text into a set, which is made if need be; say whether it was not in."""
        return bool(self._add("add_string", key, StringSet, {field: [value]})[field])

    def add_string_multi(self, key: str, values: Strings) -> dict[str, StringSet]:
        """Put texts into several sets; return those that were not in."""
        return self._add("add_string_multi", key, StringSet, values)

    def remove_string(self, key: str, field: str, value: str) -> bool:
        """Take a text out of a set; say whether it was in."""
        return bool(self._remove("remove_string", key, StringSet, {field: [value]})[field])

    def remove_string_multi(self, key: str, values: Strings) -> dict[str, StringSet]:
        """Take texts out of several sets; return those that were in."""
        return self._remove("remove_string_multi", key, StringSet, values)

    def has_string(self, key: str, field: str, value: str) -> bool:
        """Say whether a text is in a set."""
        return bool(self._has("has_string", key, StringSet, {field: [value]})[field])

    def has_string_multi(self, key: str, values: Strings) -> dict[str, StringSet]:
        """Return those of the texts that are in the sets."""
        return self._has("has_string_multi", key, StringSet, values)

    aadd_number = awaitable(add_number)
    aadd_number_multi = awaitable(add_number_multi)
    aremove_number = awaitable(remove_number)
    aremove_number_multi = awaitable(remove_number_multi)
    ahas_number = awaitable(has_number)
    ahas_number_multi = awaitable(has_number_multi)
    aadd_string = awaitable(add_string)
    aadd_string_multi = awaitable(add_string_multi)
    aremove_string = awaitable(remove_string)
    aremove_string_multi = awaitable(remove_string_multi)
    ahas_string = awaitable(has_string)
    ahas_string_multi = awaitable(has_string_multi)

    def _add(
        self, method: str, key: str, kind: type[SetOf], values: Mapping[str, Collection[Any]]
    ) -> dict[str, SetOf]:
        return self._store(method).edit(key, collected(key, kind, values))

    def _remove(
        self, method: str, key: str, kind: type[SetOf], values: Mapping[str, Collection[Any]]
    ) -> dict[str, SetOf]:
        return self._store(method).edit(key, discarded(key, kind, values))

    def _has(
        self, method: str, key: str, kind: type[SetOf], values: Mapping[str, Collection[Any]]
    ) -> dict[str, SetOf]:
        return contained(key, kind, self._store(method).get(key, list(values)), values)
