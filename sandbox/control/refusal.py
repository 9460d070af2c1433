"""How the control API says that a body is wrong."""

from __future__ import annotations


class BadControl(Exception):
    """A control body that cannot be carried out: which field, and what it allows."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(expected)
        self.body = {
            "field": field or None,
            "message": f"{field}: {expected}" if field else expected,
        }
