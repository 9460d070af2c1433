"""What does a settings form consist of? Typed values that renderer, validator and CLI share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operation = Literal["all", "any", "none"]
Test = Literal["equals", "empty", "regex", "hasFeatureFlag"]
Scalar = str | int | float | bool | None

FIELD_TYPES = frozenset({"text", "secret", "select", "multi_select", "toggle", "file"})
OAUTH_BUTTONS = frozenset({"oauth_button", "oauth_image_button"})


@dataclass(frozen=True, slots=True)
class Comparator:
    """One test of one value: ``key`` is ``section.field``, or a field of the same section.

    ``operation`` quantifies over the items of a list value. ``flags`` belong to ``regex``.
    """

    test: Test
    expected: Scalar
    key: str = ""
    flags: str = ""
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class Predicate:
    """All, any or none of its comparators, which may be predicates themselves."""

    operation: Operation
    comparators: tuple[Comparator | Predicate, ...]


Evaluation = bool | Comparator | Predicate


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    text: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where a select gets its options: a ``function`` of the app, or a public ``url``."""

    type: Literal["app", "http"]
    function: str = ""
    url: str = ""
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Validation:
    """What a field's value must meet (a JavaScript regex or a predicate), else ``message``."""

    message: str
    regex: str | None = None
    flags: str = ""
    predicate: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """One line of a section: a field (has a value), a button, or something to read.

    ``attributes`` holds what only a single element type knows (``extensions``, ``maxSize``,
    ``icon``, ``normalImage`` …), under its name in the file.
    """

    type: str
    key: str = ""
    label: str = ""
    help: str = ""
    text: str = ""
    hint: str = ""
    action: str = ""
    href: str = ""
    style: str = "none"
    display: str = "auto"
    data_type: str = "text"
    multiline: bool = False
    default_value: Any = None
    required: Evaluation = False
    visible: Evaluation = True
    disabled: Evaluation = False
    readonly: Evaluation = False
    validations: tuple[Validation, ...] = ()
    options: tuple[Option, ...] = ()
    data_source: DataSource | None = None
    trigger_action: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_field(self) -> bool:
        """Whether it has a value that is submitted."""
        return self.type in FIELD_TYPES


@dataclass(frozen=True, slots=True)
class Section:
    """What is submitted at once, and one record of the settings store.

    ``properties`` are values which the app writes beside the fields.
    """

    key: str
    label: str
    elements: tuple[Element, ...] = ()
    properties: tuple[str, ...] = ()
    visible: Evaluation = True
    disabled: Evaluation = False

    @property
    def fields(self) -> Iterator[Element]:
        """The elements that have a value."""
        return (element for element in self.elements if element.is_field)

    @property
    def connects(self) -> bool:
        """Whether it has a button that connects an account."""
        return any(element.type in OAUTH_BUTTONS for element in self.elements)

    @property
    def actions(self) -> Iterator[str]:
        """What its buttons, and the choices that submit it, tell the app to do."""
        told = ((element.action, element.trigger_action) for element in self.elements)
        return (action for both in told for action in both if action)


@dataclass(frozen=True, slots=True)
class Form:
    """A form file: sections in their order."""

    sections: tuple[Section, ...] = ()


def secret_fields(section: Section) -> frozenset[str]:
    """Name the fields of a section whose values belong into the secret store."""
    return frozenset(element.key for element in section.elements if element.type == "secret")
