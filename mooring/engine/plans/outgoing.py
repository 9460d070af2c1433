"""What would a call change elsewhere, and is it the same change as another? Pure.

A write is compared by a digest of where it goes and of what it says. Of its headers those are left
out that hold credentials, and those that are another for every try. What only the service can tell,
such as the id of a list that a plan did not create, stands in a plan as a blank; ``planned_writes``
fills it in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from mooring.model.secret_shapes import names_secret
from mooring.sdk.ports import HttpRequest

ODP, JOBS = "odp", "jobs"  # as services that are written to
READS = frozenset({"GET", "HEAD", "OPTIONS"})
DIGEST_CHARACTERS = 32
BLANK_TEXT = "planned"
MOST_SHOWN = 5  # elements of a list that a sample shows
KEPT = "surrogateescape"  # what to do with bytes that are no text: tell them apart
FORM = "form"  # how a body is read that is compared as pairs
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
SIGNATURE = "signature"
OF_ONE_TRY = frozenset({
    "date", "idempotency-key", "traceparent", "tracestate", "x-correlation-id", "x-request-id",
})  # fmt: skip

_NAMED = (
    (re.compile(r"[+-]?\d+"), "{id}"),
    (re.compile(r".*@.*"), "{email}"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE), "{id}"),
    (re.compile(r"(?=.*\d)[\w.~-]{16,}"), "{key}"),
)
_BODY = re.compile(rf" [0-9a-f]{{{DIGEST_CHARACTERS}}}$")

Path = tuple[str | int, ...]
"""Where something stands in a JSON value."""

Pair = tuple[str, ...]
"""A name and what it is given; the name alone where nothing is."""

Kind = tuple[str, str, str]
"""Service, action and target, in which what tells single records apart is a name in braces."""


@dataclass(frozen=True, slots=True)
class Write:
    """One change elsewhere; ``parts`` of its target are compared one by one.

    ``read_as`` says how ``content`` was found in the body. ``answer`` is what a plan answers,
    ``before`` what the app knows to be there, ``rows`` how many records it carries.
    """

    service: str
    action: str
    parts: tuple[str, ...]
    query: tuple[Pair, ...] = ()
    content: Any = None
    answer: Any = None
    before: Any = None
    rows: int = 1
    scheme: str = ""
    headers: tuple[Pair, ...] = field(default=(), repr=False)
    read_as: str = ""

    @property
    def kind(self) -> Kind:
        """What writes are counted by."""
        return self.service, self.action, _spelt("/".join(map(_named, self.parts)))

    @property
    def target(self) -> str:
        """Where it goes, as it is written."""
        query = "&".join("=".join(pair) for pair in self.query)
        return _spelt("/".join(self.parts) + (f"?{query}" if query else ""))

    def identity(self) -> dict[str, Any]:
        """Return all that tells it from another write, as JSON."""
        return {
            "scheme": self.scheme,
            "service": self.service,
            "action": self.action,
            "parts": list(self.parts),
            "query": [list(pair) for pair in self.query],
            "headers": [list(pair) for pair in self.headers],
            "read_as": self.read_as,
            "content": self.content,
        }

    def sample(self) -> dict[str, Any]:
        """Return it as people are shown it; long lists are cut."""
        shown = {
            "service": self.service,
            "action": self.action,
            "kind": self.kind[2],
            "target": self.target,
            "content": _cut(_shown(self)),
        }
        return shown if self.before is None else {**shown, "before": _cut(self.before)}


def is_read(request: HttpRequest) -> bool:
    """Say whether a call changes nothing elsewhere."""
    return request.reads or request.method.upper() in READS


def write_of(request: HttpRequest) -> Write:
    """Return what a call would change."""
    url = urlsplit(request.url)
    read_as, content = _content(request)
    return Write(
        service=url.netloc.rpartition("@")[2].lower(),
        action=request.method.upper(),
        parts=tuple(unquote(part, errors=KEPT) for part in url.path.split("/")),
        query=_query(request, url.query),
        content=content,
        answer=request.planned,
        before=request.before,
        rows=_rows(content),
        scheme=url.scheme,
        headers=_headers(request),
        read_as=read_as,
    )


def odp_write(action: str, target: str, rows: Sequence[Mapping[str, Any]]) -> Write:
    """Return the write of rows of the data platform."""
    return Write(ODP, action, (target,), content=[dict(row) for row in rows], rows=len(rows))


def triggered(job: str, parameters: Mapping[str, Any] | None, *, answer: Any = None) -> Write:
    """Return the write of a run."""
    return Write(JOBS, "trigger", (job,), content=dict(parameters or {}), answer=answer)


def rescheduled(job: str, cron: str | None, timezone: str) -> Write:
    """Return the write of a schedule."""
    content = {"cron": cron, "timezone": timezone}
    return Write(JOBS, "reschedule", (job,), content=content, answer={})


def read_name(request: HttpRequest) -> str:
    """Name what a call reads, so that two plans name it alike."""
    asked = write_of(request)
    body = f" {digest(asked.content)}" if request.body else ""
    return f"{asked.action} {asked.service}{asked.target}{body}"


def kind_of_read(name: str) -> str:
    """Return the name of what was read without what it says of single records and people."""
    what, space, place = name.partition(" ")
    if what == ODP:  # behind the kind of record stands which one, or after which
        return f"{what} {place.partition(' ')[0]}"
    path = _BODY.sub("", place.partition("?")[0])
    return f"{what}{space}{'/'.join(map(_named, path.split('/')))}"


def digest(value: Any) -> str:
    """Return a text that is different for different JSON values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def digest_of_bytes(*parts: bytes) -> str:
    """Return a text that is different for different answers."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()[:DIGEST_CHARACTERS]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Walk through all that a JSON value consists of."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path, value


def is_blank(leaf: Any) -> bool:
    """Say whether a value in a planned answer stands for what only the service can tell."""
    if isinstance(leaf, str):
        return leaf.startswith(BLANK_TEXT)
    return isinstance(leaf, int) and not isinstance(leaf, bool) and leaf < 0


def blanks_in(value: Any, known: Collection[str]) -> list[tuple[Path, Any]]:
    """Return where blanks stand that were answered before; ``known`` spells them as text."""
    if not known:
        return []
    return [
        (path, leaf)
        for path, leaf in leaves(value)
        if isinstance(leaf, (str, int)) and not isinstance(leaf, bool) and str(leaf) in known
    ]


def _query(request: HttpRequest, query: str) -> tuple[Pair, ...]:
    """Return what is asked, by name; what comes again with a name stays in its order."""
    given: list[tuple[str, str]] = []
    params = request.params.items() if isinstance(request.params, Mapping) else request.params
    for name, value in params:
        values = value if isinstance(value, (list, tuple)) else [value]
        given += [(str(name), _asked(each)) for each in values]
    replaced = {name for name, _ in given}  # httpx lets params replace what the address says
    return tuple(
        sorted(
            [*(pair for pair in _pairs(query) if pair[0] not in replaced), *given],
            key=lambda pair: pair[0],
        )
    )


def _asked(value: Any) -> str:
    """Spell a parameter as httpx does."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _headers(request: HttpRequest) -> tuple[Pair, ...]:
    """Return the headers that are part of what is said."""
    named = ((name.lower(), str(value)) for name, value in request.headers.items())
    return tuple(sorted(pair for pair in named if _is_said(pair[0])))


def _is_said(name: str) -> bool:
    left_out = name in CREDENTIALS or name in OF_ONE_TRY or name.endswith(SIGNATURE)
    return not (left_out or names_secret(name))


def _content(request: HttpRequest) -> tuple[str, Any]:
    """Return how a body is read, and what it is as JSON: parsed, text, or the digest of bytes."""
    if not request.body:
        return "", None
    types = [v.lower() for name, v in request.headers.items() if name.lower() == "content-type"]
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        found = {"bytes": len(request.body), "digest": digest_of_bytes(request.body)}
        return "bytes", found
    if types and "json" in types[0]:
        try:
            return "json", json.loads(text, object_pairs_hook=_once_each)
        except ValueError:
            return "text", text
    if types and types[0].startswith("application/x-www-form-urlencoded"):
        return FORM, [list(pair) for pair in _pairs(text)]
    return "text", text


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError if a name comes twice: who knows which counts?"""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _pairs(text: str) -> list[Pair]:
    """Return all that a form or a query says, in its order."""
    return [
        tuple(unquote(side.replace("+", " "), errors=KEPT) for side in part.split("=", 1))
        for part in (text.split("&") if text else [])
    ]


def _shown(write: Write) -> Any:
    """Return what a write says as people read it: a form by its names."""
    if write.read_as != FORM:
        return write.content
    found: dict[str, list[str]] = {}
    for name, *value in write.content:
        found.setdefault(_spelt(name), []).append(_spelt("".join(value)))
    return {name: told[0] if len(told) == 1 else told for name, told in found.items()}


def _spelt(text: str) -> str:
    """Spell out bytes that are no text, so that it can be printed."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _rows(content: Any) -> int:
    """Return how many records a body carries: of the longest list of maps in it, else one."""
    inner = content.values() if isinstance(content, Mapping) else [content]
    lists = (each for each in inner if isinstance(each, list) and each)
    return max((len(each) for each in lists if isinstance(each[0], Mapping)), default=1)


def _named(part: str) -> str:
    """Return a name in braces for a part that tells single records apart."""
    return next((name for pattern, name in _NAMED if pattern.fullmatch(part)), part)


def _cut(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        more = len(value) - MOST_SHOWN
        return [_cut(each) for each in value[:MOST_SHOWN]] + ([f"… {more:,} more"] * (more > 0))
    return value
