"""How are plain YAML values taken apart into typed ones? Knows shapes, not what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from mooring.reading.yaml_composer import KeyPath

T = TypeVar("T")


class Malformed(Exception):
    """A value is not of the shape it must have; ``path`` says which."""

    def __init__(self, path: KeyPath, expected: str) -> None:
        super().__init__(f"{dotted(path)} should be {expected}")
        self.path = path
        self.expected = expected


def dotted(path: KeyPath) -> str:
    """Write a path as people do: ``sections[0].elements[2].type``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


@dataclass(frozen=True, slots=True)
class Node:
    """A plain value and its path in the file; every accessor raises Malformed on another shape."""

    value: Any
    path: KeyPath = ()

    def has(self, key: str) -> bool:
        """Whether the mapping has this key."""
        return key in self.as_mapping()

    def child(self, key: str) -> Node:
        """Return what is under a key; None is under a missing one."""
        return Node(self.as_mapping().get(key), (*self.path, key))

    def text(self, key: str, default: str | None = None) -> str:
        """Return the string under a key; without default it must be there."""
        return self._typed(key, str, "a string", default)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return the boolean under a key."""
        return self._typed(key, bool, "true or false", default)

    def number(self, key: str, default: float | None = None) -> float | None:
        """Return the number under a key."""
        child = self.child(key)
        if child.value is None:
            return default
        if isinstance(child.value, bool) or not isinstance(child.value, int | float):
            raise Malformed(child.path, "a number")
        return child.value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of strings under a key; none when it is missing."""
        found = []
        for item in self.elements(key):
            if not isinstance(item.value, str):
                raise Malformed(item.path, "a string")
            found.append(item.value)
        return tuple(found)

    def elements(self, key: str) -> Iterator[Node]:
        """Walk the list under a key; nothing when it is missing."""
        child = self.child(key)
        if child.value is None:
            return
        if not isinstance(child.value, list):
            raise Malformed(child.path, "a list")
        for index, item in enumerate(child.value):
            yield Node(item, (*child.path, index))

    def entries(self, key: str) -> Iterator[tuple[str, Node]]:
        """Walk the mapping of mappings under a key; nothing when it is missing."""
        child = self.child(key)
        for name in child.as_mapping() if child.value is not None else ():
            entry = child.child(name)
            entry.as_mapping()
            yield name, entry

    def as_mapping(self) -> dict[str, Any]:
        """Return the mapping that this is."""
        if not isinstance(self.value, dict):
            raise Malformed(self.path, "a mapping")
        return self.value

    def _typed(self, key: str, kind: type[T], expected: str, default: T | None) -> T:
        child = self.child(key)
        if child.value is None and default is not None and not self.has(key):
            return default
        if not isinstance(child.value, kind):
            raise Malformed(child.path, expected)
        return child.value
