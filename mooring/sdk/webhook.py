"""What reaches a function, and what does it answer? Two messages; knows nothing of any server."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mooring.errors import RequestInvalid
from mooring.sdk.headers import Headers, HeaderSource

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")  # what a function is called with
JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain; charset=utf-8"

# Escapes in JSON text: a pair of surrogates is one character, a lone one is no character at all.
ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


@dataclass(frozen=True)
class Request:
    """One webhook call; ``path`` is what follows the function's own address.

    A query parameter that is repeated is a list in ``params``.
    """

    method: str
    path: str = ""
    params: Mapping[str, str | list[str]] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)

    @property
    def content_type(self) -> str | None:
        """The media type alone, in lower case."""
        value = self.headers.get("content-type")
        return value.partition(";")[0].strip().lower() if value else None

    @cached_property
    def text(self) -> str:
        """The body in the charset it states (UTF-8 by default). Raises RequestInvalid."""
        return self._decoded()

    def _decoded(self) -> str:
        charset = _charset(self.headers.get("content-type") or "")
        try:
            text = self.body.decode(charset)
            if not charset.startswith("utf-8"):
                text.encode("utf-8")  # some let halves of characters pass
        except LookupError:
            raise RequestInvalid(
                f"The charset {charset!r} is not known.",
                where="content-type",
                hint="Send the body as UTF-8.",
            ) from None
        except UnicodeError as error:
            place = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else "it"
            raise RequestInvalid(
                f"The body is not {charset}: {place} cannot be decoded.",
                where="body",
                hint="State the body's charset in the content-type header.",
            ) from None
        return text

    @cached_property
    def body_json(self) -> Any:
        """The body as JSON; an empty body is None. Raises RequestInvalid.

        What no text may hold, half of a surrogate pair, becomes U+FFFD as in every browser.
        """
        text = self._decoded()
        if not text.strip():
            return None
        if "\\ud" in text or "\\uD" in text:
            text = ESCAPES.sub(_whole, text)
        try:
            return _DECODER.decode(text)
        except json.JSONDecodeError as error:
            problem = f"{error.msg} at line {error.lineno}, column {error.colno}"
        except RecursionError:
            problem = "it is nested too deeply"
        except ValueError as error:
            problem = str(error)
        raise RequestInvalid(f"The body is not JSON: {problem}.", where="body")


class Response:
    """What a function answers. Give at most one of ``body_json``, ``text`` and ``body``.

    ``headers`` are merged over the content type that the body brings along. ``body_json=None``
    means no body; JSON ``null`` is ``body=b"null"``.
    """

    __slots__ = ("_body", "_headers", "status")

    def __init__(
        self,
        status: int = 200,
        body_json: Any = None,
        headers: HeaderSource | None = None,
        *,
        text: str | None = None,
        body: bytes | None = None,
    ) -> None:
        if (body_json is not None) + (text is not None) + (body is not None) > 1:
            raise TypeError("A Response takes one of body_json, text and body.")
        if not 100 <= status <= 599:
            raise ValueError(f"{status} is not an HTTP status (100 to 599).")
        self.status = status
        self._headers = Headers()
        self._body = body or b""
        if body_json is not None:
            self.body_json = body_json
        if text is not None:
            self.text = text
        if headers is not None:
            self.headers.update(headers)

    @property
    def headers(self) -> Headers:
        """The headers as they are sent; a mapping or pairs can be set in their place."""
        return self._headers

    @headers.setter
    def headers(self, source: HeaderSource) -> None:
        self._headers = Headers(source)

    @property
    def body(self) -> bytes:
        """The body as it is sent."""
        return self._body

    @body.setter
    def body(self, value: bytes) -> None:
        self._body = value

    @property
    def text(self) -> str:
        """The body as UTF-8 text; setting it sets the content type if there is none."""
        return self._body.decode("utf-8", "replace")

    @text.setter
    def text(self, value: str) -> None:
        self._set(value.encode("utf-8"), TEXT_TYPE)

    @property
    def body_json(self) -> Any:
        """The body as JSON, None if empty; setting it sets the content type if there is none."""
        return json.loads(self._body) if self._body else None

    @body_json.setter
    def body_json(self, value: Any) -> None:
        self._set(_ENCODER.encode(value).encode("utf-8"), JSON_TYPE)

    def _set(self, body: bytes, content_type: str) -> None:
        self._body = body
        if "content-type" not in self.headers:
            self.headers.set("content-type", content_type)

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self._body)} bytes)"


def only(params: Mapping[str, str | list[str]], name: str) -> str:
    """Read a parameter; one that is repeated says nothing that could be trusted."""
    value = params.get(name, "")
    return value if isinstance(value, str) else ""


def collected(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Make ``Request.params`` of query pairs: a parameter that is repeated becomes a list."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _charset(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip():
            return value.strip().strip("\"'").lower()
    return "utf-8-sig"


def _whole(escape: re.Match[str]) -> str:
    return r"\ufffd" if escape["lone"] else escape[0]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is larger than any number")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
