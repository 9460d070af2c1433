"""How are moments, JSON and free text kept in a column, alike on SQLite and PostgreSQL?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Moment(TypeDecorator[datetime]):
    """An aware UTC time as whole microseconds since 1970: exact, ordered, the same everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Turn an aware time into microseconds."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        """Turn microseconds into a time in UTC."""
        return None if value is None else from_micros(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value as text: PostgreSQL's JSON types would reorder keys or refuse ``\\u0000``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        """Write the value compactly."""
        return to_json(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> Any:
        """Read it back."""
        return None if value is None else json.loads(value)


class FreeText(TypeDecorator[str]):
    """Text from outside: what PostgreSQL cannot hold (NUL, lone surrogates) becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        return None if value is None else storable(value)


def key_text() -> Text:
    """Text that sorts by code point on every backend (PostgreSQL's default collation does not)."""
    text: Text = Text().with_variant(Text(collation="C"), "postgresql")
    return text


def row_number() -> BigInteger:
    """A number that the database hands out (SQLite wants it to be called INTEGER)."""
    number: BigInteger = BigInteger().with_variant(Integer(), "sqlite")
    return number


def storable(text: str) -> str:
    """Replace what no database column can hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def to_micros(moment: datetime) -> int:
    """Count the microseconds since 1970 of an aware time."""
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC time of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def to_json(value: Any) -> str:
    """Write JSON compactly; text that is not Unicode stays escaped, so that it can be stored."""
    plain = dict(value) if isinstance(value, Mapping) else value
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(plain, separators=(",", ":")) if _UNSTORABLE.search(text) else text
